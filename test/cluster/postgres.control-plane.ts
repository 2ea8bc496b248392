/**
 * PostgreSQL, snapshotted 20 times under load in each of three ways; each copy is restored, started and looked through.
 * What it prints is what the README and the guide for databases say.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { volumeSnapshots } from '#src/api/resources.ts';
import { atMost } from '#src/sandbox/storage/at-most.ts';
import { missingImages } from '#test/e2e/guide.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';

import { judgeCopy, usable } from './postgres/copy.ts';
import { complaintOfLoad, mark, startDatabase } from './postgres/database.ts';
import { oneClaim, twoClaims, type GuideDatabase } from './postgres/guide-objects.ts';
import { openStand } from './stand.ts';

const times = 20;
const hooks = ['--pre', 'sh /scripts/freeze', '--post', 'sh /scripts/thaw'];
const stand = await openStand('raised');
const missing = missingImages('image: postgres:15', stand.server.images);
const skip = missing.length > 0 && `no real node here that has image ${missing.join()}`;

void suite('postgres', { concurrency: 2, skip }, () => {
  test('one claim, without hooks: every copy is whole', async (t) => {
    const place = await openPlace(t, stand.server);
    await startDatabase(place, oneClaim);
    const verdicts = await verdictsOn(place, oneClaim, () => []);
    t.diagnostic(sumUp('one claim, without hooks', verdicts));
    assert.deepEqual(
      verdicts.filter((verdict) => verdict !== usable),
      [],
    );
    assert.equal(await complaintOfLoad(place, oneClaim), undefined);
  });

  test('two claims: with hooks every copy is whole; without, as many as are', async (t) => {
    const place = await openPlace(t, stand.server, { hooks: true });
    await startDatabase(place, twoClaims);
    const verdicts = await verdictsOn(place, twoClaims, (index) => (index % 2 === 0 ? hooks : []), 2 * times);
    const [quiet, busy] = [0, 1].map((rest) => verdicts.filter((_, index) => index % 2 === rest));
    assert(quiet && busy);
    t.diagnostic(sumUp('two claims, with hooks', quiet));
    t.diagnostic(sumUp('two claims, without hooks', busy));
    assert.deepEqual(
      quiet.filter((verdict) => verdict !== usable),
      [],
    );
    assert.equal(await complaintOfLoad(place, twoClaims), undefined);
  });
});

/** One snapshot after the other, while the copies of those before are looked at. */
async function verdictsOn(
  place: Place,
  database: GuideDatabase,
  flags: (index: number) => readonly string[],
  count = times,
): Promise<string[]> {
  const inTurn = atMost(4);
  const judged: Promise<string>[] = [];
  for (let index = 0; index < count; index += 1) {
    const committed = await mark(place, database);
    const words = ['snapshot', `sts/${database.name}`, '--executor=local', '-o', 'name', ...flags(index)];
    const session = (await place.succeeds(words)).stdout.trim().replace(/^.*\//, '');
    judged.push(
      inTurn(async () => {
        const verdict = await judgeCopy(place, database, { session, suffix: `${index}`, committed });
        const snapshots = (await place.list(volumeSnapshots)).filter(
          ({ metadata }) => metadata.annotations?.['stash.appscode.com/session-name'] === session,
        );
        await place.remove(volumeSnapshots, ...snapshots.map(({ metadata }) => metadata.name));
        return verdict;
      }),
    );
  }
  return Promise.all(judged);
}

function sumUp(way: string, verdicts: readonly string[]): string {
  const wrong = verdicts.filter((verdict) => verdict !== usable);
  const lines = wrong.map((verdict) => `  ${verdict}`);
  return [`${way}: ${wrong.length} of ${verdicts.length} copies are unusable`, ...lines].join('\n');
}
