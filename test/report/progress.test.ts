import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { ClaimProgress, Progress } from '#src/domain/session/progress.ts';
import { changeLines } from '#src/report/change-lines.ts';
import { liveFrame } from '#src/report/live-frame.ts';
import { viewOf, type ProgressView } from '#src/report/progress-view.ts';
import { verdictLine } from '#src/report/verdict-line.ts';
import { matchGolden } from '#test/support/golden.ts';
import { backup as backupKind } from '#src/session/kinds/backup.ts';
import { restore as restoreKind } from '#src/session/kinds/restore.ts';

const start = new Date('2026-03-14T03:00:00Z');
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);

const claims: readonly ClaimProgress[] = [
  { claim: 'data-db-0', phase: 'Succeeded', snapshot: 'data-db-0-1773457200', size: '1Gi', startedAt: start },
  {
    claim: 'data-db-1',
    phase: 'Running',
    snapshot: 'data-db-1-1773457200',
    message: 'driver reports: rpc error: code = ResourceExhausted desc = the pool is full',
    startedAt: at(1),
  },
  {
    claim: 'data-db-2',
    phase: 'Failed',
    message: 'volumesnapshot data-db-2-1773457200 is being deleted',
    startedAt: at(1),
  },
  { claim: 'data-db-3', phase: 'Pending', message: 'not created yet' },
];

const backup: Progress = {
  kind: backupKind.words,
  session: 'sts-db-1773457200',
  target: { kind: 'StatefulSet', name: 'db', namespace: 'demo' },
  namespace: 'demo',
  statusPhase: 'Running',
  claims,
  startedAt: start,
  deadline: at(600),
  notes: ['the connection to https://127.0.0.1:6443 is lost: socket hang up'],
};
const restore: Progress = {
  ...backup,
  kind: restoreKind.words,
  session: 'restore-deploy-foo-1773457200',
  target: { kind: 'Deployment', name: 'foo', namespace: 'demo' },
  claims: [
    { claim: 'data', phase: 'Succeeded', size: '2Gi', startedAt: start },
    {
      claim: 'logs',
      phase: 'Unknown',
      message: 'waits for its first consumer: no pod uses it',
      startedAt: start,
    },
  ],
  notes: [],
  verdict: { outcome: 'succeeded', message: 'all 2 claims are bound' },
};

const name = 'postgres-production-primary';
const long: Progress = {
  ...backup,
  session: `sts-${name}-1773457200`,
  target: { kind: 'StatefulSet', name, namespace: 'demo' },
  claims: claims.map((row, index) => ({ ...row, claim: `data-${name}-${index}` })),
  notes: [],
};

const view = (progress: Progress, now = at(5)) => viewOf(progress, undefined, now);

describe('liveFrame', () => {
  for (const columns of [80, 200]) {
    test(`one session, ${columns} columns`, () => {
      matchGolden(`progress/frame-${columns}`, liveFrame([view(backup)], at(65), { columns, rows: 24 }));
    });
    test(`two sessions side by side, ${columns} columns`, () => {
      const frame = liveFrame([view(backup), view(restore)], at(65), { columns, rows: 40 });
      matchGolden(`progress/frame-two-${columns}`, frame);
    });
  }

  test('names too long for one line: messages are on lines of their own', () => {
    for (const columns of [80, 200]) {
      const frame = liveFrame([view(long)], at(65), { columns, rows: 24 });
      matchGolden(`progress/frame-long-names-${columns}`, frame);
    }
  });

  test('messages on lines of their own count as lines', () => {
    const many = Array.from({ length: 50 }, (_, index): ClaimProgress => {
      const phase = index % 2 === 0 ? 'Succeeded' : 'Running';
      const message = phase === 'Running' ? 'waiting for the driver to cut it' : undefined;
      return { claim: `data-${name}-${index}`, phase, size: '1Gi', startedAt: start, message };
    });
    const frame = liveFrame([view({ ...long, claims: many })], at(9), { columns: 80, rows: 14 });
    assert(frame.trimEnd().split('\n').length <= 14);
    matchGolden('progress/frame-many-long-names', frame);
  });

  test('no line is longer than the terminal, and the progress is always visible', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(part, part, part, fc.integer({ min: 60, max: 200 }), (of, claim, message, columns) => {
        const progress: Progress = {
          ...backup,
          session: `sts-${of}-1773457200`,
          target: { kind: 'StatefulSet', name: of, namespace: 'demo' },
          claims: [{ claim, phase: 'Running', message, size: '1Gi', startedAt: start }],
          notes: [message],
        };
        const lines = liveFrame([view(progress)], at(5), { columns, rows: 24 }).split('\n');
        for (const line of lines) assert(line.length <= columns, line);
        assert.match(lines[0] ?? '', / {2}0\/1 ready, 9m55s left$/);
      }),
    );
  });

  test('all clocks tick at once: the time that a claim has taken and the time left make the time limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 59_999 }), fc.integer({ min: 0, max: 999 }), (ms, ended) => {
        const claims: ClaimProgress[] = [
          { claim: 'runs', phase: 'Running', startedAt: start },
          { claim: 'ended', phase: 'Succeeded', startedAt: start },
        ];
        const shown = viewOf({ ...backup, claims, notes: [] }, undefined, at(1 + ended / 1000));
        const frame = liveFrame([shown], at(ms / 1000), { columns: 80, rows: 24 });
        const seconds = Math.floor(ms / 1000);
        assert.match(frame, new RegExp(`^runs +Running +${seconds}s$`, 'm'));
        assert.match(frame, /^ended +Ready +1s$/m);
        const left = /9m(?:(\d+)s)? left/.exec(frame) ?? assert.fail(frame);
        assert.equal(Number(left[1] ?? 0) + seconds, 60);
      }),
    );
  });

  test('at 80 columns, no word of a message or note is lost', () => {
    const words = fc.stringMatching(/^[a-z]{1,12}( [a-z]{1,12}){0,20}$/);
    const claim = fc.stringMatching(/^[a-z][a-z-]{0,60}$/);
    fc.assert(
      fc.property(claim, words, words, (claim, message, note) => {
        const claims: ClaimProgress[] = [{ claim, phase: 'Running', message, startedAt: start }];
        const frame = liveFrame([view({ ...backup, claims, notes: [note] })], at(5), {
          columns: 80,
          rows: 24,
        });
        const shown = frame.split(/\s+/).join(' ');
        assert(shown.includes(message), frame);
        assert(shown.includes(`note: ${note}`), frame);
      }),
    );
  });

  test('more claims than fit: finished claims are left out', () => {
    const many = Array.from({ length: 50 }, (_, index): ClaimProgress => {
      const phase = index === 30 ? 'Failed' : index % 2 === 0 ? 'Succeeded' : 'Running';
      return { claim: `data-${index}`, phase, size: '1Gi', startedAt: start };
    });
    const frame = liveFrame([view({ ...backup, claims: many, notes: [] })], at(9), { columns: 80, rows: 14 });
    assert(frame.trimEnd().split('\n').length <= 14);
    matchGolden('progress/frame-many', frame);
  });

  test('no control character from the cluster reaches the terminal', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(text, fc.integer({ min: 60, max: 200 }), (message, columns) => {
        const progress = {
          ...backup,
          claims: [{ claim: 'data', phase: 'Running', message } as const],
          notes: [message],
        };
        const lines = liveFrame([view(progress)], at(5), { columns, rows: 24 }).split('\n');
        for (const line of lines) {
          assert(!/[\p{Cc}]/u.test(line), JSON.stringify(line));
        }
      }),
    );
  });
});

describe('viewOf', () => {
  test('remembers when each claim ended', () => {
    const first = viewOf(backup, undefined, at(5));
    const later = viewOf(backup, first, at(50));
    assert.deepEqual(
      later.claims.map(({ endedAt }) => endedAt),
      [at(5), undefined, at(5), undefined],
    );
  });
});

describe('changeLines', () => {
  test('one line for each change, and none without a change', () => {
    const steps: Progress[] = [
      { ...backup, claims: claims.map(({ claim }) => ({ claim, phase: 'Pending' })), notes: [] },
      { ...backup, notes: [] },
      backup,
      backup,
      { ...backup, claims: claims.map((each) => ({ ...each, phase: 'Succeeded', size: '1Gi' })), notes: [] },
    ];
    let previous: ProgressView | undefined;
    const printed = steps.map((step) => {
      const next = view(step);
      const lines = changeLines(previous, next);
      previous = next;
      return lines;
    });
    assert.equal(printed[0], '');
    assert.equal(printed[3], '');
    matchGolden('progress/lines', printed.join('--\n'));
  });
});

test('the verdict is one line', () => {
  const verdict = { outcome: 'succeeded', message: 'all 4 snapshots are ready' } as const;
  const lines = [
    verdictLine(backup, verdict, { workload: 'exists', tookMs: 3_120 }),
    ...(['exists', 'missing', 'unknown'] as const).map((workload) =>
      verdictLine(
        restore,
        { ...verdict, message: 'all 2 claims are bound: a, b' },
        { workload, tookMs: 65_000 },
      ),
    ),
    verdictLine({ ...backup, target: undefined }, verdict, { workload: 'exists', tookMs: 400 }),
  ];
  matchGolden('progress/verdicts', lines.join(''));
});
