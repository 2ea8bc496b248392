/** `doctor --probe` with a driver that fails, at Ctrl-C, and after its process has died. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Job } from '#src/api/kubernetes.ts';
import {
  jobs,
  persistentVolumeClaims,
  pods,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';
import type { FindingList } from '#src/report/findings.ts';
import { snapshotClass } from '#test/support/classes.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { openPlace, type Place } from './place.ts';
import { runPlugin, type RunOptions } from './plugin.ts';
import { startServer } from './server.ts';

const server = await startServer();
const { kubeconfig, driver, storageClass, snapshotClass: healthy } = server;
const made: readonly Resource[] = [jobs, pods, persistentVolumeClaims, volumeSnapshots];
const without = driver === undefined && 'its driver has no faults';

/** How far the server's clock is ahead of the machine's. */
let ahead = 0;

function advance(): void {
  server.advance?.(10 * 60_000);
  ahead += 10 * 60_000;
}

/** The server's. */
function aheadClock(): Clock {
  const real = scaledClock();
  return {
    now: () => new Date(real.now().getTime() + ahead),
    sleep: (milliseconds, signal) => real.sleep(milliseconds, signal),
  };
}

function probe(place: Place, words: string, options: RunOptions = {}) {
  const line = `doctor --probe -o json --image busybox --storage-class ${storageClass} ${words}`.split(' ');
  return runPlugin(kubeconfig, line, { namespace: place.namespace, ...options });
}

async function untilNothingLeft(place: Place): Promise<void> {
  for (const resource of made) await place.until(resource, (all) => all.length === 0);
}

/** A class with this fault, of its own name: other files may make one, too. */
async function faulty(place: Place, fault: string): Promise<string> {
  const name = `probe-${fault}-${place.namespace}`;
  await server.cluster.create(volumeSnapshotClasses, snapshotClass(name, driver ?? '', { fault }));
  return name;
}

// One after the other: some move the server's clock.
await suite('probe in trouble', () => {
  test(
    "a snapshot that the driver refuses ends the probe at its limit, with the driver's words",
    { skip: without },
    async (t) => {
      const place = await openPlace(t, server);
      const name = await faulty(place, 'error-always');
      t.after(() => server.cluster.delete(volumeSnapshotClasses, { name }));
      const { code, stdout, stderr } = await probe(place, `--snapshot-class ${name} --timeout 20s`);
      assert.equal(code, 5, stderr);
      const { items } = JSON.parse(stdout) as FindingList;
      assert.deepEqual(
        items.map(({ check, level }) => `${check} ${level}`),
        ['probe-write ok', 'probe-snapshot fail', 'probe-clean-up ok'],
      );
      assert.match(items[1]?.message ?? '', /^not done after (?:1\d|20)s: driver reports: .*error-always/);
      assert.match(stderr, /error: the probe was not done after 20s/);
      await untilNothingLeft(place);
    },
  );

  test(
    'an image without the programs that it needs fails, and its words are told',
    { skip: without },
    async (t) => {
      const place = await openPlace(t, server);
      const image = 'ghcr.io/kubectl-stash/kubectl-stash:v0.0.0-none';
      const { code, stdout } = await probe(
        place,
        `--snapshot-class ${healthy} --image ${image} --timeout 15s`,
      );
      assert.equal(code, 5);
      const { items } = JSON.parse(stdout) as FindingList;
      assert.match(items[0]?.message ?? '', /cannot pull its image/);
      await untilNothingLeft(place);
    },
  );

  test('Ctrl-C at any time leaves nothing', async (t) => {
    for (const resource of made.filter((each) => each !== pods)) {
      const place = await openPlace(t, server);
      const stop = new AbortController();
      const ran = probe(place, `--snapshot-class ${healthy}`, {
        signal: stop.signal,
        seenAs: (cluster) =>
          afterCreate(cluster, resource, () => {
            stop.abort();
          }),
      });
      assert.equal((await ran).code, 130, resource.plural);
      await untilNothingLeft(place);
    }
  });

  test(
    'Kubernetes deletes what a killed probe has left, when its time is over',
    { skip: !server.advance && 'it would take minutes' },
    async (t) => {
      for (const resource of made.filter((each) => each !== pods)) {
        const place = await openPlace(t, server);
        const ran = await probe(place, `--snapshot-class ${healthy} --timeout 1m`, {
          seenAs: (cluster) => dyingAfter(cluster, resource),
        });
        assert.notEqual(ran.code, 0);
        assert.notDeepEqual(await place.list(jobs), [], resource.plural);
        // Its deadline passes, if it has not ended, and then its time to live.
        advance();
        await place.until(jobs, (all) => all.every(isOver));
        advance();
        await untilNothingLeft(place);
      }
    },
  );

  test(
    'the next probe deletes what Kubernetes has not deleted',
    { skip: !server.advance && 'it would take minutes' },
    async (t) => {
      const place = await openPlace(t, server);
      await probe(place, `--snapshot-class ${healthy} --timeout 1m`, {
        seenAs: (cluster) => dyingAfter(cluster, persistentVolumeClaims),
      });
      const [left] = await place.list(jobs);
      assert.ok(left);
      advance();
      const clock = aheadClock();
      const { code, stderr } = await probe(place, `--snapshot-class ${healthy}`, { clock });
      assert.equal(code, 0, stderr);
      assert.match(stderr, new RegExp(`^deleted job/${left.metadata.name} of an earlier probe`));
      await untilNothingLeft(place);
    },
  );
});

function isOver({ status }: Job): boolean {
  return status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') === true;
}

/** Calls `then` once an object of the kind has been created. */
function afterCreate(cluster: Cluster, resource: Resource, then: () => void): Cluster {
  return {
    ...cluster,
    create: async (of, ...rest) => {
      const created = await cluster.create(of, ...rest);
      if (of.plural === resource.plural) then();
      return created;
    },
  };
}

/** Every request fails once an object of the kind has been created: the process that sent them is gone. */
function dyingAfter(cluster: Cluster, resource: Resource): Cluster {
  const dead = new AbortController();
  const orDead = () => {
    if (dead.signal.aborted) throw new StashError('unreachable', 'killed');
  };
  return {
    ...afterCreate(cluster, resource, () => {
      dead.abort();
    }),
    delete: async (...args) => {
      orDead();
      await cluster.delete(...args);
    },
    list: async (...args) => {
      orDead();
      return await cluster.list(...args);
    },
    async *watch(...args) {
      orDead();
      for await (const event of cluster.watch(...args)) {
        orDead();
        yield event;
      }
    },
  };
}
