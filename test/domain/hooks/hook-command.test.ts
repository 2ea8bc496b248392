/** The commands with which a user resumes an application by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { foreignHooks, hookByHand, type HandPlace } from '#src/domain/hooks/hook-command.ts';
import type { HookState } from '#src/domain/hooks/hook-step.ts';
import { created, pod, target } from '#test/domain/objects.ts';

const hook = { exec: { command: ['thaw', 'all data'] } };
const place = (name: string, container = 'db', runs = true): HandPlace => ({
  ...{ pod: pod(name, []), container, runs },
});
const exec = (of: string) => `kubectl exec -n demo ${of} -- thaw 'all data'`;
const ready = (of: string) => `kubectl wait -n demo --for=condition=Ready --timeout=5m pod/${of}`;
const loop = (pods: string, each: string) => `for pod in ${pods}; do ${each}; done`;

test('runs the hook in each place, and waits for pods that do not run', () => {
  const rows: [places: HandPlace[], command: string | undefined][] = [
    [[], undefined],
    [[place('a')], exec('a -c db')],
    [[place('a', 'db', false)], `${ready('a')} && ${exec('a -c db')}`],
    [[place('b'), place('a')], loop('a b', exec('"$pod" -c db'))],
    [
      [place('b', 'db', false), place('a', 'db', false)],
      loop('a b', `${ready('"$pod"')} && ${exec('"$pod" -c db')}`),
    ],
    [[place('b'), place('a', 'agent')], `${exec('b -c db')}; ${exec('a -c agent')}`],
    [[place('b'), place('a', 'db', false)], `${exec('b -c db')}; ${ready('a')} && ${exec('a -c db')}`],
  ];
  for (const [places, command] of rows) assert.equal(hookByHand(hook, target, places), command);
  assert.equal(hookByHand({ ...hook, containerName: 'db' }, target), exec('statefulset/db -c db'));
});

test('there is no command for a request, without a target, or in a claim', () => {
  assert.equal(hookByHand({ httpGet: { port: 80 } }, target), undefined);
  assert.equal(hookByHand(hook, undefined), undefined);
  const claim = { ...target, kind: 'PersistentVolumeClaim' } as const;
  assert.equal(hookByHand(hook, claim), undefined);
  assert.equal(hookByHand(hook, claim, [place('a')]), exec('a -c db'));
});

test("says that another command line's application may be quiesced, and how to resume it", () => {
  const why = 'its hooks were given on another command line, and only that command runs them';
  const quiet: HookState = {
    ...{ quiescedSince: new Date(created), quiescedUntil: undefined, pre: undefined, post: undefined },
  };
  const both = { pre: hook, post: hook, adHoc: true };
  const words = (hooks: Parameters<typeof foreignHooks>[0], state: Partial<HookState> = {}) =>
    foreignHooks(hooks, { ...quiet, ...state }, target, [place('a')]);
  const still = `${why}; the application may still be quiesced`;
  assert.equal(words(both), `${still}; to resume it: ${exec('a -c db')}`);
  assert.equal(words({ ...both, post: { httpGet: { port: 80 } } }), still);
  assert.equal(words({ pre: hook, adHoc: true }), still);
  assert.equal(words({ post: hook, adHoc: true }), why);
  assert.equal(words(both, { quiescedSince: undefined }), why);
  assert.equal(words(both, { post: { type: 'Executed', status: 'True' } }), why);
});
