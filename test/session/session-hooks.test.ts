/** Whether the application is resumed, what the session records of it, and what is said if it may still be quiesced. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession, HookHandler } from '#src/api/stash.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import { backupHookRecord } from '#src/domain/session/hook-record.ts';
import type { HookToRun } from '#src/domain/session/step.ts';
import { StashError } from '#src/errors.ts';
import type { Held } from '#src/session/holding/held.ts';
import type { HookRun } from '#src/session/hooks/run-hook.ts';
import { runSessionHook, thawAndLeave } from '#src/session/hooks/session-hooks.ts';
import { backupSession, created } from '#test/domain/objects.ts';
import { manualClock } from '#test/support/clock.ts';

type Status = NonNullable<BackupSession['status']>;
const pre = { exec: { command: ['freeze'] } };
const post = { exec: { command: ['thaw'] } };
const both: SessionHooks = { pre, post, adHoc: false };

const well: HookRun = { ok: true, message: 'ran in 1 pod', failed: [], byHand: undefined };
const bad: HookRun = { ok: false, message: 'no', failed: ['db-0'], byHand: 'kubectl exec db-0 -- thaw' };
const still = 'no; the application may still be quiesced; to resume it: kubectl exec db-0 -- thaw';
const takenOver = new StashError('conflict', 'another executor took the session over');

interface World {
  hooks: SessionHooks;
  quiesced: boolean;
  /** One result for each try; the last one counts for all further ones. */
  runs: HookRun[];
  /** What the writes of annotations and status are answered: all well, if nothing else is said. */
  annotate: () => Promise<void>;
  write: () => Promise<void>;
  surelyOurs: boolean;
  /** What the API server has by now. */
  present: Status;
}

function scene(changes: Partial<World> = {}) {
  const well_ = () => Promise.resolve();
  const world: World = {
    ...{ hooks: both, quiesced: true, runs: [well], annotate: well_, write: well_, surelyOurs: true },
    ...{ present: {}, ...changes },
  };
  const clock = manualClock(created);
  const session: Stored<BackupSession> = backupSession({ phase: 'Running' });
  const lost = new AbortController();
  if (world.quiesced) session.metadata.annotations = { [annotation.quiescedSince]: created };
  const held: Held<BackupSession> = {
    session: () => session,
    writeStatus: async (change) => {
      await world.write();
      session.status = change(session.status);
      return session;
    },
    annotate: async (annotations) => {
      await world.annotate();
      session.metadata.annotations = Object.fromEntries(
        Object.entries({ ...session.metadata.annotations, ...annotations }).flatMap(([key, value]) =>
          value === null ? [] : [[key, value]],
        ),
      );
      return session;
    },
    confirm: () => Promise.resolve(),
    isSurelyOurs: () => world.surelyOurs,
    look: () => Promise.resolve({ ...session, status: world.present }),
    trouble: { words: () => undefined, onChange: () => undefined, notes: () => [] },
    lost: lost.signal,
    release: () => Promise.resolve(),
  };
  const ran: { hook: HookHandler; only: readonly string[] | undefined }[] = [];
  const runner = {
    run: (hook: HookHandler, { only }: { only?: readonly string[] }) => {
      ran.push({ hook, only });
      return Promise.resolve(world.runs[Math.min(ran.length, world.runs.length) - 1] ?? well);
    },
    prepare: () => Promise.resolve(true),
  };
  const task = { held, hooks: world.hooks, runner, record: backupHookRecord, clock, maxFreezeMs: 60_000 };
  const settled = async <T>(promise: Promise<T>) => {
    const outcome = promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await clock.advance(60_000);
    return (await outcome) as { value?: T; error?: StashError };
  };
  return {
    ...{ world, task, session, ran, clock },
    lose: () => {
      lost.abort(takenOver);
      return Promise.reject(takenOver);
    },
    run: (step: HookToRun<Status>) => settled(runSessionHook(task, step)),
    leave: (step: HookToRun<Status>) => settled(thawAndLeave(task, step)),
    quiesced: () => session.metadata.annotations?.[annotation.quiescedSince] !== undefined,
    recorded: (hook: string) => backupHookRecord.has(session.status, hook),
  };
}

const thaw = { do: 'hook', which: 'thaw' } as const;
const recover = { do: 'hook', which: 'recover' } as const;
const unreachable = () => Promise.reject(new StashError('unreachable', 'no answer'));

suite('an executor leaves', () => {
  test('resumes the application, and records that it did', async () => {
    const { leave, recorded, ran } = scene();
    assert.deepEqual(await leave(thaw), { value: undefined });
    assert.deepEqual(ran, [{ hook: post, only: undefined }]);
    assert.equal(recorded('postBackup'), true);
  });

  test('in the preBackup hook: resumes it, and leaves the session as if nothing had begun', async () => {
    const { leave, recorded, quiesced, session } = scene();
    session.status = backupHookRecord.set(session.status, 'preBackup', well, new Date(created));
    assert.deepEqual(await leave(recover), { value: undefined });
    assert.deepEqual([quiesced(), recorded('preBackup'), recorded('postBackup')], [false, false, false]);
  });

  for (const step of [thaw, recover])
    test(`${step.which}: says after four tries that the application may still be quiesced`, async () => {
      const { leave, ran, recorded, quiesced } = scene({ runs: [bad] });
      const { error } = await leave(step);
      assert.deepEqual([error?.kind, error?.message], ['session-failed', still]);
      assert.deepEqual(
        ran.map(({ only }) => only),
        [undefined, ['db-0'], ['db-0'], ['db-0']],
      );
      assert.deepEqual([recorded('postBackup'), quiesced()], [true, true]);
    });

  test('a later try that works is enough', async () => {
    const { leave, ran } = scene({ runs: [bad, { ...bad, failed: [] }, well] });
    assert.deepEqual(await leave(thaw), { value: undefined });
    assert.deepEqual(
      ran.map(({ only }) => only),
      [undefined, ['db-0'], undefined],
    );
  });

  test('an interrupted try is not repeated, and not recorded: the next executor resumes', async () => {
    const { leave, ran, recorded } = scene({ runs: [{ ...bad, interrupted: true }] });
    const { error } = await leave(thaw);
    assert.deepEqual([error?.kind, error?.message], ['session-failed', still]);
    assert.deepEqual([ran.length, recorded('postBackup')], [1, false]);
  });

  test('an application that is not quiesced is tried once, and no message says that it may be', async () => {
    const { leave, ran } = scene({ runs: [bad], quiesced: false });
    assert.equal((await leave(thaw)).error?.message, 'no');
    assert.equal(ran.length, 1);
  });

  test('without a command to resume it by hand, the message names none', async () => {
    const { leave } = scene({ runs: [{ ...bad, byHand: undefined }] });
    assert.equal((await leave(thaw)).error?.message, 'no; the application may still be quiesced');
  });

  test('resumed but not recorded is no failure; neither resumed nor recorded is told', async () => {
    const silent = scene({ write: unreachable });
    assert.deepEqual(await silent.leave(thaw), { value: undefined });
    assert.equal(silent.ran.length, 1);
    const failing = scene({ write: unreachable, runs: [bad] });
    assert.equal((await failing.leave(thaw)).error?.message, still);
  });

  test('an API server that never answers does not keep it from resuming', async () => {
    const never = () => new Promise<void>(() => undefined);
    const { leave, ran } = scene({ write: never, annotate: never });
    assert.deepEqual(await leave(thaw), { value: undefined });
    assert.equal(ran.length, 1);
  });

  test('leaves the application to the executor that took the session over', async () => {
    const { leave, ran, world, lose } = scene({ runs: [bad] });
    world.annotate = lose;
    assert.deepEqual(await leave(thaw), { value: undefined });
    assert.deepEqual(ran, []);
  });

  test('could not resume it, and was taken over before it recorded that: the other executor resumes', async () => {
    const { leave, ran, world, recorded, lose } = scene({ runs: [bad] });
    world.write = lose;
    assert.deepEqual(await leave(thaw), { value: undefined });
    assert.deepEqual([ran.length, recorded('postBackup')], [4, false]);
  });

  test('was taken over while it resumed: the record is left to the other executor', async () => {
    const { leave, ran, world, recorded, lose } = scene();
    world.annotate = () => lose().catch(() => undefined);
    assert.deepEqual(await leave(thaw), { value: undefined });
    assert.deepEqual([ran.length, recorded('postBackup')], [1, false]);
  });

  test('without a post hook there is nothing to resume', async () => {
    const { leave, ran } = scene({ hooks: { pre, adHoc: false } });
    assert.deepEqual(await leave(thaw), { value: undefined });
    assert.deepEqual(ran, []);
  });
});

suite('the preBackup hook ends after another executor took the session over', () => {
  const begin = { do: 'hook', which: 'pre' } as const;
  const resumed = backupHookRecord.set({}, 'postBackup', well, new Date(created));
  const rows: [what: string, World['present'], more: Partial<World>, resumes: boolean][] = [
    ['which has resumed it already', resumed, {}, true],
    ['which has ended the session', { phase: 'Failed' }, {}, true],
    ['which still has to resume it', { phase: 'Running' }, {}, false],
    ['but not before the hook ended', resumed, { surelyOurs: true }, false],
    ['the hook ran nowhere', resumed, { runs: [{ ...bad, nowhere: true }] }, false],
    ['there is no post hook', resumed, { hooks: { pre, adHoc: false } }, false],
    [
      'the post hook does not always run',
      resumed,
      { hooks: { pre, post: { ...post, executionPolicy: 'OnSuccess' }, adHoc: false } },
      false,
    ],
  ];
  for (const [what, present, more, resumes] of rows)
    test(`${what}: ${resumes ? 'resumes it again' : 'does nothing'}`, async () => {
      const { run, ran, world, lose } = scene({ quiesced: false, surelyOurs: false, present, ...more });
      world.write = lose;
      assert.equal((await run(begin)).error, takenOver);
      const hooks = ran.map(({ hook }) => hook);
      assert.deepEqual(hooks, resumes ? [pre, post] : [pre]);
    });

  test('says that the application may still be quiesced where resuming it again fails', async () => {
    const { run, world, lose } = scene({ surelyOurs: false, present: resumed, runs: [well, bad] });
    world.write = lose;
    const { error } = await run(begin);
    assert.deepEqual([error?.kind, error?.message], ['session-failed', still]);
  });

  test('an API server that is merely unreachable has taken nothing over', async () => {
    const { run, ran } = scene({ surelyOurs: false, present: resumed, write: unreachable });
    assert.equal((await run(begin)).error?.kind, 'unreachable');
    assert.equal(ran.length, 1);
  });
});

suite('the preBackup hook', () => {
  const begin = { do: 'hook', which: 'pre' } as const;

  test('records first since when and until when the application is quiesced', async () => {
    const { run, session, recorded } = scene({ quiesced: false });
    assert.equal((await run(begin)).value?.ok, true);
    assert.deepEqual(session.metadata.annotations, {
      [annotation.quiescedSince]: new Date(created).toISOString(),
      [annotation.quiescedUntil]: new Date(Date.parse(created) + 60_000).toISOString(),
    });
    assert.equal(recorded('preBackup'), true);
  });

  test('that ran nowhere has quiesced nothing; one that failed in a pod may have', async () => {
    for (const nowhere of [true, false]) {
      const { run, quiesced, recorded } = scene({ quiesced: false, runs: [{ ...bad, nowhere }] });
      assert.equal((await run(begin)).value?.ok, false);
      assert.deepEqual([quiesced(), recorded('preBackup')], [!nowhere, true]);
    }
  });

  test('interrupted before it began has quiesced nothing, and is not recorded', async () => {
    const { run, quiesced, recorded } = scene({ quiesced: false, runs: [{ ...bad, interrupted: true }] });
    assert.equal((await run(begin)).error?.kind, 'interrupted');
    assert.deepEqual([quiesced(), recorded('preBackup')], [false, false]);
  });
});

suite('a post hook that resumes nothing', () => {
  const conclude = { do: 'hook', which: 'post' } as const;
  const hooks: SessionHooks = { post, adHoc: false };

  test('runs once, and its failure is recorded', async () => {
    const { run, ran, recorded } = scene({ hooks, quiesced: false, runs: [bad] });
    assert.deepEqual((await run(conclude)).value, bad);
    assert.deepEqual([ran.length, recorded('postBackup')], [1, true]);
  });

  test('is not recorded where it was interrupted', async () => {
    const { run, recorded } = scene({ hooks, quiesced: false, runs: [{ ...bad, interrupted: true }] });
    assert.equal((await run(conclude)).error?.kind, 'interrupted');
    assert.equal(recorded('postBackup'), false);
  });
});
