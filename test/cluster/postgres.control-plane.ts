/**
 * Snapshots PostgreSQL under load in four ways; restores, starts and checks each copy. `docs/guarantees.md` and
 * the guide for databases quote its output.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { volumeSnapshots } from '#src/api/resources.ts';
import { atMost } from '#src/sandbox/storage/at-most.ts';
import { missingImages } from '#test/e2e/guide.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';

import { checkCopy, usable } from './postgres/copy.ts';
import { cut, gap, type Cut, type Way } from './postgres/cut.ts';
import { loadError, mark, startDatabase } from './postgres/database.ts';
import { oneClaim, twoClaims, type GuideDatabase } from './postgres/guide-objects.ts';
import { openStand } from './stand.ts';

const times = 20;
const stand = await openStand('raised');
const missing = missingImages('image: postgres:15', stand.server.images);
const skip = missing.length > 0 && `no real node here that has image ${missing.join()}`;

void suite('postgres', { concurrency: 2, skip }, () => {
  test('one claim, without hooks: every copy is usable', async (t) => {
    const place = await openPlace(t, stand.server);
    const [seen = []] = await compareWays(place, oneClaim, [
      { name: 'one claim, without hooks', commands: [['sts/db']], times },
    ]);
    t.diagnostic(sumUp('one claim, without hooks', seen));
    assert.deepEqual(unusable(seen), []);
  });

  test('two claims: every copy is usable with hooks, and none if a checkpoint falls between the cuts', async (t) => {
    const place = await openPlace(t, stand.server, { hooksAndDeletions: true });
    const hooks = ['--pre', 'sh /scripts/freeze', '--post', 'sh /scripts/thaw'];
    const ways: readonly Way[] = [
      { name: 'two claims, with hooks', commands: [['sts/ledger', ...hooks]], times },
      { name: 'two claims, without hooks', commands: [['sts/ledger']], times },
      {
        name: 'two claims, the log cut before a checkpoint and the data after it',
        commands: [['pvc/wal-ledger-0'], ['pvc/data-ledger-0']],
        then: () => place.sh('ledger-0', 'psql -qc checkpoint'),
        times: 5,
      },
    ];
    const seen = await compareWays(place, twoClaims, ways);
    for (const [index, { name }] of ways.entries()) t.diagnostic(sumUp(name, seen[index] ?? []));
    const [quiet = [], , spoilt = []] = seen;
    assert.deepEqual(unusable(quiet), []);
    assert.equal(unusable(spoilt).length, spoilt.length);
  });
});

interface Seen {
  readonly verdict: string;
  readonly cut: Cut;
}

/**
 * Snapshots the database `times` times in each way, alternating between the ways, and checks the copies
 * meanwhile. Resolves with the results of each way.
 */
async function compareWays(place: Place, database: GuideDatabase, ways: readonly Way[]): Promise<Seen[][]> {
  await startDatabase(place, database);
  const inTurn = atMost(4);
  const seen: Promise<Seen>[][] = ways.map(() => []);
  for (let round = 0; round < times; round += 1) {
    for (const [index, way] of ways.entries()) {
      if (round >= way.times) continue;
      const committed = await mark(place, database);
      const made = await cut(stand.server, place, way);
      const suffix = `${index}-${round}`;
      seen[index]?.push(
        inTurn(async () => {
          const verdict = await checkCopy(place, database, { ...made, suffix, committed });
          await place.remove(volumeSnapshots, ...made.snapshots);
          return { verdict, cut: made };
        }),
      );
    }
  }
  const all = await Promise.all(seen.map((each) => Promise.all(each)));
  assert.equal(await loadError(place, database), undefined);
  return all;
}

function unusable(seen: readonly Seen[]): string[] {
  return seen.map(({ verdict }) => verdict).filter((verdict) => verdict !== usable);
}

function sumUp(way: string, seen: readonly Seen[]): string {
  const gaps =
    (seen[0]?.cut.times.size ?? 0) < 2
      ? []
      : seen.map(({ cut }) => gap(cut, 'wal-ledger-0', 'data-ledger-0')).sort((a, b) => a - b);
  const apart =
    gaps.length === 0
      ? ''
      : `; the data was cut ${gaps[0]} to ${gaps.at(-1)} ms after the log, median ${gaps[gaps.length >> 1]}`;
  const wrong = unusable(seen);
  return [
    `${way}: ${wrong.length} of ${seen.length} copies are unusable${apart}`,
    ...wrong.map((verdict) => `  ${verdict}`),
  ].join('\n');
}
