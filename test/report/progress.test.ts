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
    const part = fc.string({
      unit: fc.constantFrom('a', 'b', '-'),
      ...{ minLength: 1, maxLength: 80, size: 'max' },
    });
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
        for (const line of frame.split('\n')) assert(line.length <= 80, line);
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

  test('several sessions fit on the terminal together, and each shows at least three claims', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 60 }),
        (sessions, notes, more) => {
          const rows = 1 + (8 + notes) * sessions + more;
          const claims = Array.from({ length: 40 }, (_, index): ClaimProgress => ({
            claim: `data-${index}`,
            phase: 'Running',
            startedAt: start,
          }));
          const shown = view({ ...backup, claims, notes: Array.from({ length: notes }, () => 'slow') });
          const frame = liveFrame(Array(sessions).fill(shown), at(5), { columns: 80, rows });
          // The cursor is on the line below.
          assert(frame.split('\n').length <= rows, `${frame.split('\n').length} lines on ${rows} rows`);
          assert((frame.match(/^data-/gm) ?? []).length >= 3 * sessions);
        },
      ),
    );
  });

  test('claims that just fit keep their order', () => {
    const shown = view({
      ...backup,
      notes: [],
      claims: claims.map((row) => ({ ...row, message: undefined })),
    });
    const names = (rows: number) =>
      [...liveFrame([shown], at(5), { columns: 80, rows }).matchAll(/^data-db-\d/gm)].map(([name]) => name);
    const { length } = claims;
    assert.deepEqual(
      names(length + 5),
      claims.map(({ claim }) => claim),
    );
    assert.deepEqual(names(length + 4), ['data-db-2', 'data-db-1', 'data-db-3']);
  });

  /** Whether a message of `length` characters is beside the claim on a terminal of `columns`. */
  const beside = (length: number, columns: number): boolean => {
    const message = 'x'.repeat(length);
    const one: ClaimProgress[] = [
      { claim: 'data', phase: 'Running', message, size: '1Gi', startedAt: start },
    ];
    const frame = liveFrame([view({ ...backup, claims: one, notes: [] })], at(5), { columns, rows: 24 });
    return /^CLAIM.* WAITS FOR$/m.test(frame);
  };
  const width = 'CLAIM   STATE     SIZE   ELAPSED   '.length;
  const widths: [length: number, columns: number][] = [
    [10, width + 24],
    [72, width + 24],
    [90, width + 30],
  ];
  for (const [length, columns] of widths) {
    test(`a message of ${length} characters is beside its claim from ${columns} columns on`, () => {
      assert(beside(length, columns));
      assert(!beside(length, columns - 1));
    });
  }

  test('with messages below, a name is cut in the middle only if the row does not fit', () => {
    const claim = 'x'.repeat(30);
    const message = 'x'.repeat(60);
    const one: ClaimProgress[] = [{ claim, phase: 'Running', message, size: '1Gi', startedAt: start }];
    const row = `${claim}   Running   1Gi    ELAPSED`;
    const rowIsCut = (columns: number) =>
      !liveFrame([view({ ...backup, claims: one })], at(5), { columns, rows: 24 }).includes(`\n${claim} `);
    assert.deepEqual([row.length, row.length - 1].map(rowIsCut), [false, true]);
  });

  test('states have colours, with messages beside the claims and below', () => {
    for (const columns of [60, 200]) {
      const paint = (phase: string) => `<${phase}>`;
      const frame = liveFrame([view(backup)], at(65), { columns, rows: 40, paint });
      for (const state of ['Ready', 'Running', 'Failed', 'Pending'])
        assert(frame.includes(`<${state}>`), frame);
    }
  });

  test('a long message leaves room for its claim on a low terminal', () => {
    const message = 'word '.repeat(100).trim();
    const one: ClaimProgress[] = [{ claim: 'data', phase: 'Running', message, startedAt: start }];
    const frame = liveFrame([view({ ...backup, claims: one, notes: [] })], at(5), { columns: 80, rows: 8 });
    assert.match(frame, /^data +Running/m);
    assert.equal((frame.match(/^ {2}word/gm) ?? []).length, 2);
  });

  test('the second line of a note begins below the first', () => {
    const note = 'the server is slow '.repeat(6).trim();
    const frame = liveFrame([view({ ...backup, notes: [note] })], at(5), { columns: 80, rows: 24 });
    assert.match(frame, /^note: the server.*\n {6}\S.*\n$/m);
  });

  describe('the headline', () => {
    const head = (progress: Progress, columns: number, now = at(65)) =>
      liveFrame([view(progress)], now, { columns, rows: 24 })
        .split('\nCLAIM')[0]
        ?.split('\n') ?? [];

    test('is one line as long as it fits', () => {
      const [line = '', ...more] = head(backup, 200);
      assert.deepEqual(more, []);
      assert.deepEqual(head(backup, line.length), [line]);
      assert.deepEqual(head(backup, line.length - 1), [
        'statefulset/db  1/4 ready, 8m55s left',
        'backupsession/sts-db-1773457200',
      ]);
    });

    test('is one line for a session without a target, whose long name is cut in the middle', () => {
      const [line = '', ...more] = head({ ...long, target: undefined }, 60);
      assert.deepEqual(more, []);
      assert.match(line, /^backupsession\/.*….*1773457200 {2}1\/4 ready, 8m55s left$/);
      assert.equal(line.length, 60);
    });

    test('has no more time left than the limit, also if the deadline is no whole second', () => {
      const deadline = new Date(backup.deadline.getTime() + 900);
      const left = (seconds: number) => head({ ...backup, deadline }, 200, at(seconds))[0] ?? '';
      assert.match(left(0.9), / {2}1\/4 ready, 10m left$/);
      assert.match(left(1), / {2}1\/4 ready, 9m59s left$/);
    });

    test('has no time left from the deadline on, or with a verdict', () => {
      assert.match(head(backup, 200, at(599))[0] ?? '', / {2}1\/4 ready, 1s left$/);
      assert.match(head(backup, 200, at(600))[0] ?? '', / {2}1\/4 ready$/);
      assert.match(head(backup, 200, at(660))[0] ?? '', / {2}1\/4 ready$/);
      assert.match(head(restore, 200)[0] ?? '', / {2}1\/2 bound$/);
    });
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

  test('the first view has its notes too, and a claim without a message only its state', () => {
    const first = view({ ...backup, claims: [{ claim: 'data', phase: 'Running' }], notes: ['slow'] });
    const session = 'backupsession/sts-db-1773457200';
    assert.equal(changeLines(undefined, first), `${session}: data: Running\n${session}: note: slow\n`);
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
