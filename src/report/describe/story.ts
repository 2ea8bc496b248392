/** Tells the story of a session: who carried it out, how far it came, and what its objects say. */
import type { Condition } from '#src/api/kubernetes.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { annotation } from '#src/api/labels.ts';
import type { Read } from '#src/domain/checks/check.ts';
import type { SessionFacts } from '#src/domain/describe/facts.ts';
import { hookConditionType } from '#src/domain/hooks/hook-step.ts';
import { mayBeStopped } from '#src/domain/in-place/interrupted.ts';
import { isInPlace, readRecord } from '#src/domain/in-place/record.ts';
import { readKeeping } from '#src/domain/restore-points/keeping.ts';
import { carriedOutBy } from '#src/domain/session/carried-out-by.ts';
import { conditionsOf } from '#src/domain/session/conditions-of.ts';
import { jobState, type JobState } from '#src/domain/session/job-state.ts';
import { describe } from '#src/domain/session/progress.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { assertNever } from '#src/errors.ts';

import { stateOf } from '../progress-view.ts';
import { renderColumns, type Column } from '../table.ts';
import type { Moments } from './moments.ts';
import { unknown, whereKnown, type Page } from './page.ts';

const mostRows = 50;
const mostConditions = 30;

/** Leaves out the name of the session, which the caller shows. */
export function storyOf(facts: SessionFacts, moments: Moments): Page {
  const { session, words, target, jobName } = facts;
  const { status, metadata } = session;
  const { maker } = readKeeping(session);
  const from = metadata.annotations?.[annotation.restoredFrom];
  const madeBy = maker === undefined ? undefined : maker.by === 'schedule' ? 'schedule' : maker.name;
  return [
    ...(target === undefined ? [] : [{ label: 'Target', value: formatTarget(target) }]),
    ...(from === undefined ? [] : [{ label: 'Restored From', value: `backupsession/${from}` }]),
    { label: 'Phase', value: status?.phase ?? '<none>: no executor has started it' },
    { label: 'Result', value: resultOf(facts) },
    { label: 'Created', value: moments.ago(metadata.creationTimestamp) },
    ...timesOf(facts, moments),
    ...(madeBy === undefined ? [] : [{ label: 'Asked For By', value: madeBy }]),
    { label: 'Carried Out By', value: carriedOutBy(session, words, jobName) ?? '<unknown>' },
    ...inPlaceOf(facts),
    ...whereKnown('Claims', facts.claims, () => [{ label: 'Claims', table: claimsTable(facts) }]),
    ...driverOf(facts, moments),
    ...hooksOf(facts, moments),
    ...jobOf(facts),
    ...conditionsSection(facts, moments),
  ];
}

function resultOf({ session, verdict, claims }: SessionFacts): string {
  if (verdict !== undefined) return `${verdict.outcome.replaceAll('-', ' ')}: ${verdict.message}`;
  const open = 'value' in claims ? claims.value.filter(({ phase }) => phase !== 'Succeeded') : [];
  if (isFinal(session)) {
    return open.length === 0 ? '<unknown>' : `its phase is Succeeded, but ${describe(open)}`;
  }
  return open.length === 0 ? 'not ended yet' : `not ended yet; ${describe(open)}`;
}

function timesOf({ session }: SessionFacts, { at }: Moments): Page {
  const { sessionDuration, sessionDeadline } = session.status ?? {};
  if (isFinal(session))
    return sessionDuration === undefined ? [] : [{ label: 'Took', value: sessionDuration }];
  return sessionDeadline === undefined ? [] : [{ label: 'Deadline', value: at(sessionDeadline) }];
}

function inPlaceOf({ session }: SessionFacts): Page {
  if (!isInPlace(session)) return [];
  const record = readRecord(session);
  if (record === undefined) return [{ label: 'In Place', value: 'its record cannot be read' }];
  const isBack = record.volumesOf !== session.metadata.name;
  const state = isFinal(session)
    ? []
    : [
        mayBeStopped(session as Parameters<typeof mayBeStopped>[0])
          ? 'the workload may be stopped'
          : 'the workload has not been stopped',
      ];
  return [
    {
      label: 'In Place',
      value: [
        `${isBack ? `goes back to the volumes of restoresession/${record.volumesOf}` : `method ${record.method}`}, stops the pods by ${record.stop}`,
        ...(record.before === undefined ? [] : [`data from before: backupsession/${record.before}`]),
        ...(record.why === undefined ? [] : [`given up: ${record.why}`]),
        ...state,
      ],
    },
  ];
}

function claimsTable(facts: SessionFacts): string {
  const rows = 'value' in facts.claims ? facts.claims.value : [];
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { header: 'claim', cell: ({ claim }) => claim },
    { header: 'state', cell: ({ phase }) => stateOf({ kind: facts.words }, phase) },
    {
      header: 'snapshot',
      shown: rows.some(({ snapshot }) => snapshot !== undefined),
      cell: ({ snapshot }) => snapshot ?? '',
    },
    { header: 'size', cell: ({ size }) => size ?? '' },
    { header: 'message', cell: ({ message }) => message ?? '' },
  ];
  return rows.length === 0
    ? ''
    : renderColumns(columns, rows.slice(0, mostRows), {}) + more(rows.length - mostRows);
}

function driverOf({ driverErrors }: SessionFacts, { at }: Moments): Page {
  if (driverErrors.length === 0) return [];
  const lines = driverErrors
    .slice(0, mostRows)
    .map(
      ({ claim, words, at: time }) =>
        `${claim}: ${words}${time === undefined ? '' : ` (last at ${at(time)})`}`,
    );
  return [{ label: 'Driver Reports', value: lines }];
}

function hooksOf({ hooks, hookNames }: SessionFacts, { at }: Moments): Page {
  const { quiescedSince, quiescedUntil, pre, post } = hooks;
  const told = (label: string, condition: Condition | undefined): Page =>
    condition === undefined
      ? []
      : [
          {
            label,
            value: `${condition.status === 'True' ? 'succeeded' : 'failed'} at ${at(condition.lastTransitionTime)}: ${conditionWords(condition) ?? ''}`,
          },
        ];
  const until = quiescedUntil === undefined ? '' : `, to be resumed by ${at(quiescedUntil)}`;
  const items = [
    ...(quiescedSince === undefined
      ? []
      : [{ label: 'Quiesced', value: `since ${at(quiescedSince)}${post === undefined ? until : ''}` }]),
    ...told(hookNames.pre, pre),
    ...told(hookNames.post, post),
  ];
  return items.length === 0 ? [] : [{ label: 'Hooks', items }];
}

function jobOf({ job, jobName, pods }: SessionFacts): Page {
  if (!('value' in job)) return [{ label: 'Job', value: unknown(job) }];
  if (job.value === undefined) return [];
  const state = jobState(job.value, 'value' in pods ? pods.value : []);
  const lines = [`${jobName}: ${jobWords(state)}`, ...('value' in pods ? [] : [`pods ${unknown(pods)}`])];
  return [{ label: 'Job', value: lines }];
}

function jobWords(state: JobState): string {
  switch (state.state) {
    case 'waiting':
      return `waits: ${state.why}`;
    case 'running':
      return `runs in pod ${state.pod}`;
    case 'succeeded':
      return 'has ended';
    case 'failed':
      return `failed: ${state.why}`;
    default:
      return assertNever(state);
  }
}

/** Leaves out the conditions of hooks, which have a section of their own. */
function conditionsSection({ session, hookNames }: SessionFacts, { at }: Moments): Page {
  const ofHooks = [hookNames.pre, hookNames.post].map(hookConditionType);
  const all = conditionsOf(session)
    .filter(({ type }) => !ofHooks.includes(type))
    .toSorted((a, b) => (a.lastTransitionTime ?? '').localeCompare(b.lastTransitionTime ?? ''));
  if (all.length === 0) return [];
  const columns: readonly Column<Condition>[] = [
    { header: 'time', cell: ({ lastTransitionTime }) => at(lastTransitionTime) },
    { header: 'condition', cell: statusWords },
    { header: 'message', cell: ({ message }) => message ?? '' },
  ];
  const table = renderColumns(columns, all.slice(-mostConditions), {});
  return [{ label: 'Conditions', table }];
}

/** Turns a reason into words: `FailedToApplyRetentionPolicy` becomes `failed to apply retention policy`. */
function statusWords({ type, status, reason }: Condition): string {
  if (reason === undefined || reason === '') return `${type} is ${status}`;
  return reason.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').toLowerCase();
}

function more(count: number): string {
  return count > 0 ? `... and ${count} more\n` : '';
}

/** Returns a section about the last session, or says that there is none. */
export function lastSession(
  last: Read<SessionFacts | undefined>,
  name: (facts: SessionFacts) => string,
  moments: Moments,
): Page {
  return whereKnown('Last Session', last, (facts) =>
    facts === undefined
      ? [{ label: 'Last Session', value: '<none>' }]
      : [
          {
            label: 'Last Session',
            items: [{ label: 'Name', value: name(facts) }, ...storyOf(facts, moments)],
          },
        ],
  );
}
