/** Which hook runs next, in every situation that decides about resuming the application. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Condition } from '#src/api/kubernetes.ts';
import type { ExecutionPolicy } from '#src/api/stash.ts';
import {
  backupHooks,
  blockedByHooks,
  hookCondition,
  hookFailure,
  hookState,
  hookStep,
  nameOfHook,
  restoreHooks,
  type HookPoint,
  type HookState,
  type Situation,
} from '#src/domain/hooks/hook-step.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import { created } from '#test/domain/objects.ts';

const handler = { exec: { command: ['true'] } };
const both: SessionHooks = { pre: handler, post: handler, adHoc: false };
const onlyPost = (executionPolicy: ExecutionPolicy): SessionHooks => ({
  post: { ...handler, executionPolicy },
  adHoc: false,
});

const condition = (status: Condition['status']): Condition => ({ type: 'Executed', status });
const state = (changes: Partial<HookState> = {}): HookState => ({
  ...{ quiescedSince: undefined, quiescedUntil: undefined, pre: undefined, post: undefined },
  ...changes,
});
const since = new Date(created);
const begun = state({ quiescedSince: since });
const quiet = state({ quiescedSince: since, pre: condition('True') });
const failed = state({ quiescedSince: since, pre: condition('False') });

const all: Situation = {
  ...{ pending: false, uncut: false, begun: true, expired: false, leaving: false },
  ...{ outcome: 'Running', retriesLeft: 0 },
};
const nothing: Situation = { ...all, pending: true, uncut: true, begun: false };
const leaving = { leaving: true };

type Row = [what: string, hooks: SessionHooks, state: HookState, Situation, HookPoint | undefined];

const rows: Row[] = [
  ['nothing was begun', both, state(), nothing, 'pre'],
  ['nothing was begun, and the executor leaves', both, state(), { ...nothing, ...leaving }, undefined],
  ['nothing was begun, and nothing is to be made', both, state(), all, undefined],
  ['an executor died in the preBackup hook', both, begun, nothing, 'recover'],
  ['an executor leaves in the preBackup hook', both, begun, { ...nothing, ...leaving }, 'recover'],
  ['an executor died in the preBackup hook, and all is refused since', both, begun, all, 'thaw'],
  ['quiesced, and snapshots are missing', both, quiet, { ...all, pending: true, uncut: true }, undefined],
  ['quiesced, and a snapshot is not cut', both, quiet, { ...all, uncut: true }, undefined],
  ['quiesced, and all is cut', both, quiet, all, 'thaw'],
  ['quiesced for as long as it may be', both, quiet, { ...all, uncut: true, expired: true }, 'thaw'],
  ['quiesced, and the executor leaves', both, quiet, { ...all, uncut: true, ...leaving }, 'thaw'],
  ['quiesced for nothing yet, and the executor leaves', both, quiet, { ...nothing, ...leaving }, 'recover'],
  ['the preBackup hook failed', both, failed, { ...nothing, outcome: 'Failed' }, 'thaw'],
  ['the preBackup hook failed, and the executor leaves', both, failed, { ...nothing, ...leaving }, 'thaw'],
  ['resumed', both, { ...quiet, post: condition('True') }, { ...all, outcome: 'Succeeded' }, undefined],
  ['not resumed for good', both, { ...quiet, post: condition('False') }, { ...all, uncut: true }, undefined],
  ['without preBackup, at the beginning', onlyPost('Always'), state(), nothing, undefined],
];

const outcomes = ['Succeeded', 'Failed', 'Running'] as const;
const policies: Record<ExecutionPolicy, readonly (HookPoint | undefined)[]> = {
  Always: ['post', 'post', undefined],
  OnSuccess: ['post', undefined, undefined],
  OnFailure: [undefined, 'post', undefined],
  OnFinalRetryFailure: [undefined, 'post', undefined],
};
for (const [policy, steps] of Object.entries(policies)) {
  outcomes.forEach((outcome, index) => {
    const hooks = onlyPost(policy as ExecutionPolicy);
    const what = `without preBackup, ${policy}, ${outcome}`;
    rows.push([what, hooks, state(), { ...all, outcome }, steps[index]]);
    rows.push([
      `${what}, and the executor leaves`,
      hooks,
      state(),
      { ...all, outcome, ...leaving },
      undefined,
    ]);
  });
}
for (const [policy, retriesLeft, step] of [
  ['OnFinalRetryFailure', 1, undefined],
  ['OnFinalRetryFailure', -1, 'post'],
  ['OnFailure', 1, 'post'],
  ['OnSuccess', 1, undefined],
] as const)
  rows.push([
    `${policy}, failed with ${retriesLeft} retries left`,
    ...([onlyPost(policy), state(), { ...all, outcome: 'Failed', retriesLeft }, step] as const),
  ]);

// A post hook of another policy resumes nothing in between: it runs at the end, as its policy says.
const later: SessionHooks = {
  pre: handler,
  post: { ...handler, executionPolicy: 'OnSuccess' },
  adHoc: false,
};
const onlyPre: SessionHooks = { pre: handler, adHoc: false };
const succeeded: Situation = { ...all, outcome: 'Succeeded' };
rows.push(
  ['OnSuccess: nothing was begun', later, state(), nothing, 'pre'],
  ['OnSuccess: an executor died in the preBackup hook', later, begun, nothing, 'pre'],
  ['OnSuccess: nothing was begun, and all is there', later, state(), succeeded, 'post'],
  ['Always: nothing was begun, and all is there', both, state(), succeeded, undefined],
  ['OnSuccess: quiesced, and a snapshot is not cut', later, quiet, { ...all, uncut: true }, undefined],
  ['OnSuccess: quiesced, and the executor leaves', later, quiet, { ...succeeded, ...leaving }, undefined],
  ['OnSuccess: quiesced, and all succeeded', later, quiet, succeeded, 'post'],
  ['OnSuccess: the preBackup hook failed', later, failed, { ...nothing, outcome: 'Failed' }, undefined],
  ['without postBackup: nothing was begun', onlyPre, state(), nothing, 'pre'],
  ['without postBackup: quiesced, and all succeeded', onlyPre, quiet, succeeded, undefined],
);

suite('the next hook', () => {
  for (const [what, hooks, present, situation, step] of rows)
    test(`${what}: ${step ?? 'none'}`, () => {
      assert.equal(hookStep(hooks, present, situation), step);
    });
});

test('why no more objects may be created', () => {
  const no = condition('False');
  const rows: [what: string, SessionHooks | undefined, HookState, string | undefined][] = [
    ['without hooks', undefined, state(), undefined],
    ['nothing was begun', both, state(), undefined],
    ['quiesced', both, quiet, undefined],
    ['the preBackup hook failed', both, failed, 'not begun, since the preBackup hook failed'],
    ['a lone preBackup hook failed', onlyPre, failed, 'not begun, since the preBackup hook failed'],
    ['resumed', both, { ...quiet, post: condition('True') }, 'not begun when the application was resumed'],
    ['not resumed', both, { ...quiet, post: no }, 'not begun, since the postBackup hook failed'],
    ['a postBackup hook that resumes nothing', later, { ...quiet, post: no }, undefined],
  ];
  for (const [what, hooks, present, why] of rows)
    assert.equal(blockedByHooks(hooks, present, backupHooks), why, what);
});

test('a session tells the failures of both hooks', () => {
  const said = (message: string) => ({ ...condition('False'), message });
  assert.equal(hookFailure(state()), undefined);
  assert.equal(hookFailure(state({ pre: condition('True'), post: condition('True') })), undefined);
  assert.equal(hookFailure(state({ pre: condition('True'), post: said('still quiet') })), 'still quiet');
  assert.equal(hookFailure(state({ pre: said('no disk'), post: said('no pod') })), 'no disk; no pod');
  assert.equal(hookFailure(state({ pre: { ...condition('False'), reason: 'NoPod' } })), 'NoPod');
  assert.equal(hookFailure(state({ post: condition('False') })), 'a hook failed');
});

test('reads what a session records of its hooks', () => {
  const executed = (hook: string) => hookCondition(hook, { ok: true, message: 'ran' }) as Condition;
  const conditions = [executed('preBackup'), executed('postBackup')];
  const annotated = (annotations?: Record<string, string>) => ({
    ...{ apiVersion: 'v1', kind: 'Session', metadata: { ...(annotations && { annotations }) } },
  });
  const key = 'stash.appscode.com/quiesced-';
  const times = { [`${key}since`]: created, [`${key}until`]: 'soon' };
  assert.deepEqual(hookState(annotated(times), conditions, backupHooks), {
    ...{ quiescedSince: since, quiescedUntil: undefined },
    ...{ pre: conditions[0], post: conditions[1] },
  });
  assert.deepEqual(hookState(annotated(), conditions, restoreHooks), state());
});

test('the post hook runs for every point but the first', () => {
  const names = (['pre', 'recover', 'thaw', 'post'] as const).map((point) => nameOfHook(point, restoreHooks));
  assert.deepEqual(names, ['preRestore', 'postRestore', 'postRestore', 'postRestore']);
});
