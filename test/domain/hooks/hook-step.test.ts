/** Which hook runs next, in every situation that decides about resuming the application. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Condition } from '#src/api/kubernetes.ts';
import type { ExecutionPolicy } from '#src/api/stash.ts';
import { hookStep, type HookPoint, type HookState, type Situation } from '#src/domain/hooks/hook-step.ts';
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
const lastly = onlyPost('OnFinalRetryFailure');
for (const [retriesLeft, step] of [
  [1, undefined],
  [-1, 'post'],
] as const)
  rows.push([
    `failed with ${retriesLeft} retries left`,
    lastly,
    state(),
    { ...all, outcome: 'Failed', retriesLeft },
    step,
  ]);

suite('the next hook', () => {
  for (const [what, hooks, present, situation, step] of rows)
    test(`${what}: ${step ?? 'none'}`, () => {
      assert.equal(hookStep(hooks, present, situation), step);
    });
});
