/** In every case the application is resumed, and a successful snapshot was cut while it was quiesced. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Named, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession, ExecutionPolicy } from '#src/api/stash.ts';
import type { BackupWorld } from '#src/domain/backup/backup-claims.ts';
import { decideBackup, decideLeavingBackup, type BackupStatus } from '#src/domain/backup/decide-backup.ts';
import { backupHookRecord } from '#src/domain/session/hook-record.ts';
import { thaws, type SessionHooks } from '#src/domain/hooks/hooks.ts';
import type { HookToRun, StatusChange } from '#src/domain/session/step.ts';

import { backupSession, claim, created, stored, target } from '#test/domain/objects.ts';

const minute = 60_000;
const maxFreezeMs = minute;

class Crash extends Error {}

interface Trial {
  readonly claims: readonly string[];
  readonly hooks: SessionHooks;
  /** The outcome of each run of a hook: success, failure after its effect, failure without effect. */
  readonly pre: readonly ('ok' | 'late' | 'fails')[];
  /** The driver finishes its work in the end. */
  readonly cuts: boolean;
}

/** A server, an application, a driver, and executors that come and go. */
function play({ claims, hooks, pre, cuts }: Trial) {
  let session: Stored<BackupSession> = backupSession();
  let now = Date.parse(created);
  let begun = false;
  let crashAfter = Infinity;
  const made = new Map<string, Stored<VolumeSnapshot>>();
  const cutIn = new Map<string, number>();
  const ran: ('pre' | 'post')[] = [];
  let frozen: number | undefined;
  /** The application resumes by itself after this time, as a database does that ends a session which holds a lock. */
  let frozenUntil = 0;
  let epoch = 0;
  let preFailed = false;

  const world = (): BackupWorld => ({
    now: new Date(now),
    session,
    target,
    sessionClaims: claims,
    planned: claims.map((name) => ({ claim: claim(name) })),
    snapshots: made,
    refused: new Map(),
    taken: new Set(),
    timeoutMs: 10 * minute,
    lost: false,
    failFast: false,
    hooks,
    maxFreezeMs,
    retriesLeft: 0,
    end: undefined,
    onlyThaw: undefined,
    hooksRefused: undefined,
    begun,
    leaving: false,
  });

  const pass = (milliseconds: number) => {
    now += milliseconds;
    if (now > frozenUntil) frozen = undefined;
  };

  /** One act on the world; the process may die before any of them. */
  const act = (what: () => void) => {
    crashAfter -= 1;
    if (crashAfter < 0) throw new Crash();
    what();
  };
  const write = (change: StatusChange<BackupStatus>) => {
    act(() => {
      session = { ...session, status: { ...session.status, ...change(session.status) } };
    });
  };
  const note = (since: string | undefined) => {
    act(() => {
      const annotations = { ...session.metadata.annotations, [annotation.quiescedSince]: since ?? '' };
      session = { ...session, metadata: { ...session.metadata, annotations } };
    });
  };
  const runPost = () => {
    act(() => {
      ran.push('post');
      frozen = undefined;
    });
  };

  /** Does what `session-hooks.ts` does, in the same order. */
  const runHook = ({ which, losses }: HookToRun<BackupStatus>) => {
    const set = (hook: string, ok: boolean | undefined) => (present: BackupStatus | undefined) =>
      backupHookRecord.set(
        present,
        hook,
        ok === undefined ? undefined : { ok, message: `${hook} ${ok ? 'ran' : 'failed'}` },
        new Date(now),
      );
    if (which === 'pre') {
      note(new Date(now).toISOString());
      const result = pre[ran.filter((one) => one === 'pre').length % pre.length];
      act(() => {
        if (thaws(hooks)) assert(frozen === undefined, 'the preBackup hook runs in a quiesced application');
        ran.push('pre');
        epoch += 1;
        if (result !== 'fails') frozen = epoch;
        frozenUntil = now + maxFreezeMs;
      });
      preFailed = result !== 'ok';
      write(set('preBackup', result === 'ok'));
      return;
    }
    if (which === 'recover') write(set('preBackup', undefined));
    else if (losses) write(losses);
    runPost();
    if (which === 'recover') note(undefined);
    else write((present) => set('postBackup', true)({ ...present, ...losses?.(present) }));
  };

  const step = (): boolean => {
    const next = decideBackup(world());
    switch (next.do) {
      case 'start':
      case 'finish':
        write(next.status);
        break;
      case 'hook':
        runHook(next);
        break;
      case 'create':
        begun = true;
        for (const { claim: name, object } of next.made) {
          act(() => {
            assert(!made.has(name), `a second snapshot of ${name}`);
            if (hooks.pre) assert(!preFailed, 'a snapshot although the preBackup hook failed');
            made.set(name, stored(object as Named<VolumeSnapshot>));
          });
        }
        break;
      case 'wait':
      case 'done':
        break;
    }
    return next.do === 'done';
  };

  const cut = (name: string, snapshot: VolumeSnapshot, isReady: boolean) => {
    if (snapshot.status?.creationTime === undefined && frozen !== undefined) cutIn.set(name, frozen);
    snapshot.status = {
      creationTime: new Date(now).toISOString(),
      ...snapshot.status,
      ...(isReady && { readyToUse: true }),
    };
  };

  const orCrash = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      begun = false;
    }
    crashAfter = Infinity;
  };

  return {
    happen(what: 'step' | 'crash' | 'leave' | 'cut' | 'ready' | 'tick', which: number) {
      const [name = '', snapshot] = [...made][which % Math.max(made.size, 1)] ?? [];
      switch (what) {
        case 'step':
          step();
          break;
        case 'crash':
          crashAfter = which % 4;
          orCrash(step);
          begun = false;
          break;
        case 'leave': {
          crashAfter = which % 2 === 0 ? Infinity : which % 5;
          orCrash(() => {
            const left = decideLeavingBackup(world());
            if (left) runHook(left);
          });
          begun = false;
          break;
        }
        case 'tick':
          pass(20_000);
          break;
        case 'cut':
        case 'ready':
          if (snapshot) cut(name, snapshot, what === 'ready');
          break;
      }
    },
    end() {
      for (let steps = 0; !step(); steps += 1) {
        assert(steps < 100, 'it never ends');
        if (steps % 4 === 3) pass(minute);
        if (cuts)
          made.forEach((snapshot, name) => {
            cut(name, snapshot, true);
          });
      }
      return { phase: session.status?.phase, frozen, ran, cutIn, made };
    },
  };
}

const happening = fc.constantFrom(
  ...(['step', 'step', 'step', 'crash', 'leave', 'cut', 'cut', 'ready', 'tick'] as const),
);
const handler = { exec: { command: ['true'] } };

function trial(policy: fc.Arbitrary<ExecutionPolicy>) {
  return fc.record({
    claims: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    pre: fc.array(fc.constantFrom('ok', 'ok', 'ok', 'late', 'fails'), { minLength: 1, maxLength: 4 }),
    cuts: fc.boolean(),
    hooks: policy.map((executionPolicy) => ({
      pre: handler,
      post: { ...handler, executionPolicy },
      adHoc: false,
    })),
  }) as fc.Arbitrary<Trial>;
}

const happenings = fc.array(fc.tuple(happening, fc.nat(1000)), { maxLength: 60 });

test('no application stays quiesced or is quiesced twice without being resumed in between', () => {
  let good = 0;
  fc.assert(
    fc.property(trial(fc.constant('Always')), happenings, (given, all) => {
      const played = play(given);
      for (const [what, which] of all) played.happen(what, which);
      const { phase, frozen, ran } = played.end();
      assert.equal(frozen, undefined, 'it stays quiesced');
      assert(phase === 'Succeeded' || phase === 'Failed');
      const twice = ran.findIndex((hook, index) => hook === 'pre' && ran[index - 1] === 'pre');
      assert.equal(twice, -1, ran.join(', '));
      if (phase === 'Succeeded') good += 1;
    }),
    { numRuns: 2_000 },
  );
  assert(good > 100, 'the trials must not all fail');
});

test('all snapshots of a successful session were cut in one period in which the application was quiesced', () => {
  fc.assert(
    fc.property(trial(fc.constant('Always')), happenings, (given, all) => {
      const played = play(given);
      for (const [what, which] of all) played.happen(what, which);
      const { phase, cutIn } = played.end();
      if (phase !== 'Succeeded') return;
      assert.deepEqual([...cutIn.keys()].sort(), [...given.claims].sort());
      assert.equal(new Set(cutIn.values()).size, 1, 'cut in several freezes');
    }),
    { numRuns: 2_000 },
  );
});

test('with another policy the session ends all the same, and creates nothing after a failed preBackup hook', () => {
  const policy = fc.constantFrom<ExecutionPolicy>('OnSuccess', 'OnFailure', 'OnFinalRetryFailure');
  fc.assert(
    fc.property(trial(policy), happenings, (given, all) => {
      const played = play(given);
      for (const [what, which] of all) played.happen(what, which);
      const { phase, ran } = played.end();
      const policyOfPost = given.hooks.post?.executionPolicy;
      assert.equal(ran.includes('post'), (phase === 'Succeeded') === (policyOfPost === 'OnSuccess'));
    }),
    { numRuns: 1_000 },
  );
});
