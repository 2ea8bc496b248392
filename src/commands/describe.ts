import { atSameServer } from '#src/cli/at-same-server.ts';
import { defineCommand } from '#src/cli/command.ts';
import { timeZone, utcFlag } from '#src/cli/flags.ts';
import { print } from '#src/cli/output.ts';
import { joinType } from '#src/domain/arguments/object-arguments.ts';
import { targetKindOf } from '#src/domain/arguments/target-arguments.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { TargetFacts } from '#src/domain/describe/facts.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { StashError } from '#src/errors.ts';
import { momentsOf } from '#src/report/describe/moments.ts';
import { renderPage, type Page } from '#src/report/describe/page.ts';
import { sessionPage } from '#src/report/describe/session-page.ts';
import { targetPage } from '#src/report/describe/target-page.ts';
import {
  parseWanted,
  refuseNotFound,
  sessionKindOf,
  sessionsNamed,
  type FoundSession,
  type WantedSession,
} from '#src/session/describe/find-session.ts';
import { readerOf, type NamespaceReader } from '#src/session/plan/namespace-reader.ts';
import { readEvents } from '#src/session/describe/read-events.ts';
import { readSessionFacts } from '#src/session/describe/read-session-facts.ts';
import { readTargetFacts } from '#src/session/describe/read-target-facts.ts';

export const command = defineCommand({
  name: 'describe',
  usage: 'describe (TYPE/NAME | SESSION) [flags]',
  description: `Show on one page what is known of a workload, a claim, or a session.

Of a workload or claim: its claims with their volumes, its schedules and what they will delete next, its restore points, volumes that restores in place have kept, its last session, what to do next, and Events. A workload that no longer exists is shown by its restore points.

Of a BackupSession or RestoreSession: who carried it out, how it ended and why, its claims, hooks and Job, the words of the driver, and Events.

describe only reads. In place of what you may not read, it names the missing right.`,
  examples: [
    '# Describe a deployment\nkubectl stash describe deploy/foo',
    '# Describe a session\nkubectl stash describe deploy-foo-1732427120',
    '# Describe the RestoreSession if a BackupSession has the same name\nkubectl stash describe restoresession/foo',
  ],
  flags: utcFlag,
  positionals: { name: 'TYPE/NAME', minimum: 1, maximum: 2, completes: 'target' },
  async run(args, context) {
    const wanted = wantedOf(args.words);
    const { cluster, namespace } = await context.cluster(args.connection);
    const reader = readerOf(cluster, namespace);
    const zone = timeZone(args.flags, context);
    // Only an answer tells the server's time.
    const moments = () => momentsOf(context.now(), zone);
    const at = (line: string) => atSameServer(line, args.connection);
    const pageOf = async (): Promise<Page> => {
      if ('target' in wanted) {
        const target = { ...wanted.target, namespace };
        await reader.namespaceExists();
        const { facts, classes } = await readTargetFacts(reader, target, context.now());
        if (isUnheardOf(facts)) throw notFound(target);
        return targetPage(facts, { moments: moments(), zone, classes, at });
      }
      const found = await theSession(reader, wanted);
      const { facts, made } = await readSessionFacts(reader, found);
      const events = await readEvents(reader, [found.object, ...made]);
      return sessionPage(facts, events, { moments: moments(), at });
    };
    const page = await pageOf();
    await print(context.out, 'wide', { table: () => renderPage(page) });
  },
});

/** `TYPE/NAME`, `TYPE NAME`, or the name of a session. Throws 'usage'. */
function wantedOf(words: readonly string[]): WantedSession {
  const isType = (word: string) => targetKindOf(word) !== undefined || sessionKindOf(word) !== undefined;
  const [word = '', second] = joinType(words, isType);
  if (second === undefined) return parseWanted(word);
  throw new StashError('usage', 'describe takes one TYPE/NAME or session at a time', {
    hint: 'kubectl stash describe TYPE/NAME',
  });
}

/** @throws StashError 'not-found'; 'precondition' if sessions of both kinds have the name */
async function theSession(
  { cluster, namespace }: NamespaceReader,
  wanted: Extract<WantedSession, { readonly name: string }>,
): Promise<FoundSession> {
  const found = await sessionsNamed(cluster, wanted, namespace);
  const [only, second] = found;
  if (only === undefined) return refuseNotFound(cluster, wanted, namespace);
  if (second === undefined) return only;
  throw new StashError('precondition', `${found.length} sessions are named ${wanted.name}: say which`, {
    hint: found
      .map(({ kind, object: { metadata } }) => sessionNamed(kind.resource, metadata.name))
      .map((session) => commandLine`kubectl stash describe ${session} -n ${namespace}`)
      .join('\n'),
  });
}

/** Whether it does not exist, and nothing else names it. */
function isUnheardOf({ exists, points, configurations, kept, last, unfinishedSwaps }: TargetFacts): boolean {
  const isNone = (read: object) => 'value' in read && (read.value === undefined || isEmpty(read.value));
  return (
    'value' in exists &&
    !exists.value &&
    unfinishedSwaps.length === 0 &&
    [points, configurations, kept, last].every(isNone)
  );
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function notFound(target: Target): StashError {
  const { plural, group } = targetTypes[target.kind].resource;
  const of = group === '' ? plural : `${plural}.${group}`;
  return new StashError(
    'not-found',
    `${of} "${target.name}" not found, and no restore point of ${formatTarget(target)}`,
    {
      hint: commandLine`kubectl get ${targetTypes[target.kind].short} -n ${target.namespace}`,
    },
  );
}
