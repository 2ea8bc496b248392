/** Makes the error for a session that did not succeed: what happened, and what the user can do next. */
import type { Resource } from '#src/api/resources.ts';
import { assertNever, StashError, type ErrorKind } from '#src/errors.ts';

import type { Outcome, Progress, Verdict } from './progress.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

const kinds: Record<Exclude<Outcome, 'succeeded'>, ErrorKind> = {
  failed: 'session-failed',
  skipped: 'session-failed',
  unknown: 'session-failed',
  deleted: 'session-failed',
  'timed-out': 'timed-out',
  'waiting-for-consumer': 'waiting-for-consumer',
};

const words: Record<Exclude<Outcome, 'succeeded'>, string> = {
  failed: 'failed',
  skipped: 'was skipped',
  unknown: 'ended Unknown',
  deleted: 'is gone',
  'timed-out': 'timed out',
  'waiting-for-consumer': 'is waiting',
};

/** Returns the error to throw. Undefined if the session succeeded. */
export function verdictError(progress: Progress, verdict: Verdict): StashError | undefined {
  const { outcome, message, culprit } = verdict;
  if (outcome === 'succeeded') return undefined;
  // A driver's message may contain line breaks, but an error is one line.
  const line = sanitize(`${sessionOf(progress)} ${words[outcome]}: ${message}`);
  return new StashError(kinds[outcome], line, {
    hint:
      culprit === undefined
        ? nextStep(progress, outcome)
        : commandLine`kubectl describe ${culprit} -n ${progress.namespace}`,
  });
}

/** `backupsession/deploy-foo-1790000000` */
export function sessionOf({ kind, session }: Pick<Progress, 'kind' | 'session'>): string {
  return sessionNamed(kind.resource, session);
}

export function sessionNamed({ kind }: Resource, name: string): string {
  return `${kind.toLowerCase()}/${name}`;
}

function nextStep(progress: Progress, outcome: Exclude<Outcome, 'succeeded'>): string {
  const ns = inNamespace(progress.namespace);
  switch (outcome) {
    case 'failed':
    case 'timed-out':
      return describeCommand(progress);
    case 'skipped':
    case 'unknown':
      return commandLine`kubectl describe ${sessionOf(progress)} ${ns}`;
    case 'deleted': {
      const of = progress.target ? formatTarget(progress.target) : 'TYPE/NAME';
      return commandLine`${progress.kind.shows(of)} ${ns}`;
    }
    case 'waiting-for-consumer':
      return `start a pod that uses ${claimsIn(progress, 'Unknown')}, then:\n${commandLine`kubectl stash wait ${progress.session} ${ns}`}`;
    default:
      return assertNever(outcome);
  }
}

/**
 * Returns the command that describes the object of the first claim that did not succeed; if there is no such object,
 * the session.
 */
function describeCommand(progress: Progress): string {
  const culprit = progress.claims.find(({ phase }) => phase !== 'Succeeded');
  const object = culprit && progress.kind.describes(culprit);
  return commandLine`kubectl describe ${object ?? sessionOf(progress)} ${inNamespace(progress.namespace)}`;
}

function claimsIn({ claims }: Progress, phase: 'Unknown'): string {
  const names = claims.filter((claim) => claim.phase === phase).map(({ claim }) => claim);
  return sanitize(`claim ${names.join(', ')}`);
}
