/**
 * Parts of the control plane fail while volumes are swapped: the command ends well once they are back, or says how to go
 * on, and then that command does. Meanwhile old and new data are kept, and no pod sees some of each.
 */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { suite, test, type TestContext } from 'node:test';

import type { KubernetesObject, Workload } from '#src/api/kubernetes.ts';
import {
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  restoreSessions,
  statefulSets,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { deadAfterMs } from '#src/domain/session/holder.ts';
import { deployment, mountPath, statefulSet } from '#test/e2e/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';
import type { Ran } from '#test/e2e/ran.ts';
import { fastClock } from '#test/session/clocks.ts';

import type { Program } from './sources.ts';
import { openStand } from './stand.ts';
import { guardSwap, mixed, type SwapGuard } from './swap-guard.ts';

const { controlPlane, server } = await openStand('raised');
const { cluster } = server;
const administrator = { identity: undefined };
const stops = ['scale', 'gate'] as const;

/** The write before which a command stands still. */
type Point = keyof typeof points;
interface Write {
  readonly verb: 'create' | 'patch' | 'delete';
  readonly resource: Resource;
  readonly name: string;
  readonly type?: string | undefined;
}
const isClaim = ({ resource }: Write) => resource.plural === persistentVolumeClaims.plural;
const points = {
  'the staged claims are deleted': (it: Write) =>
    it.verb === 'delete' && isClaim(it) && it.name.includes('-stash-'),
  'the new volumes are reserved': ({ resource, type }: Write) =>
    resource.plural === persistentVolumes.plural && type === 'json',
  'the claims are deleted': (it: Write) =>
    it.verb === 'delete' && isClaim(it) && !it.name.includes('-stash-'),
  'the claims are created again': (it: Write) =>
    it.verb === 'create' && isClaim(it) && !it.name.includes('-stash-'),
};

interface Home {
  readonly place: Place;
  readonly restore: string;
  readonly guard: SwapGuard;
  readonly read: () => Promise<string[]>;
}

interface Described {
  readonly resource: Resource<Workload>;
  readonly workload: Workload;
  readonly volumes: readonly string[];
  readonly replicas: number;
}

function described(): Described[] {
  const claims = ['data', 'logs'];
  const web = { resource: deployments, workload: deployment('web', claims), volumes: claims, replicas: 1 };
  const db = {
    ...{ resource: statefulSets, workload: statefulSet('db', 2, server.storageClass) },
    ...{ volumes: ['source-data'], replicas: 2 },
  };
  return [web, db];
}

async function openHome(
  t: TestContext,
  { resource, workload, volumes, replicas }: Described,
  stop: (typeof stops)[number],
): Promise<Home> {
  const place = await openPlace(t, server);
  const { name = '' } = workload.metadata;
  const proofs = volumes.map((volume) => `${mountPath(volume)}/proof`);
  const [first = '', last = first] = proofs;
  const compare = `[ "$(cat ${first})" = "$(cat ${last})" ] || exit ${mixed}`;
  for (const container of workload.spec.template.spec.containers) container.args = [`${compare}; sleep 3000`];
  if (resource === deployments) await place.claims(...volumes);
  await place.create(resource, workload);
  const running = () => place.running(name, replicas);
  const write = async (text: string) => {
    for (const pod of await running())
      await place.sh(pod, proofs.map((proof) => `echo ${text} > ${proof}`).join(' && '));
  };
  await write('before');
  const word = `${resource.kind}/${name}`;
  await place.succeeds(`snapshot ${word} --executor=local`, administrator);
  await write('after');
  const guard = await guardSwap(cluster, place.namespace);
  t.after(async () => {
    await guard.stop();
    await place.giveUpVolumes();
  });
  const read = async () => {
    const texts = (await running()).flatMap((pod) => proofs.map((proof) => place.sh(pod, `cat ${proof}`)));
    return Promise.all(texts);
  };
  return { place, guard, read, restore: `restore ${word} --in-place --yes --stop=${stop}` };
}

/** A command that stands still before its first write of that kind, until it may go on. */
interface Standing {
  readonly home: Home;
  readonly reached: Promise<unknown>;
  readonly goOn: () => void;
  readonly ran: Promise<Ran>;
}

function begin(home: Home, point: Point, clock?: Clock): Standing {
  const reached = Promise.withResolvers<undefined>();
  const free = Promise.withResolvers<undefined>();
  const standStill = async (write: Write) => {
    if (!points[point](write)) return;
    reached.resolve(undefined);
    await free.promise;
  };
  const seenAs = (inner: Cluster): Cluster => ({
    ...inner,
    async create<T extends KubernetesObject>(resource: Resource<T>, object: T) {
      await standStill({ verb: 'create', resource, name: object.metadata.name ?? '' });
      return inner.create(resource, object);
    },
    async patch(resource, at, patch, options) {
      await standStill({ verb: 'patch', resource, name: at.name, type: options?.type });
      return inner.patch(resource, at, patch, options);
    },
    async delete(resource, at, options) {
      await standStill({ verb: 'delete', resource, name: at.name });
      return inner.delete(resource, at, options);
    },
  });
  const ran = home.place.stash(home.restore, { ...administrator, seenAs, ...(clock && { clock }) });
  const early = ran.then(({ code, stderr }) => {
    throw new Error(`ended with ${code} before ${point}: ${stderr}`);
  });
  early.catch(() => undefined);
  return {
    ...{ home, ran },
    reached: Promise.race([reached.promise, early]),
    goOn: () => {
      free.resolve(undefined);
    },
  };
}

/** One swap for each point: Deployments and StatefulSets in turn, by scale and by gate. */
async function beginAt(
  t: TestContext,
  at: readonly Point[],
  clock?: () => Clock,
): Promise<readonly Standing[]> {
  const workloads = at.flatMap(described).slice(0, at.length);
  const homes = await Promise.all(
    workloads.map((each, index) => openHome(t, each, stops[(index + (index >> 1)) % 2] ?? 'scale')),
  );
  const standing = homes.flatMap((home, index) => {
    const point = at[index];
    return point === undefined ? [] : [begin(home, point, clock?.())];
  });
  await Promise.all(standing.map(({ reached }) => reached));
  return standing;
}

function goOn(standing: readonly Standing[]): void {
  for (const each of standing) each.goOn();
}

async function assertRestored({ read, place }: Home): Promise<void> {
  assert.deepEqual(new Set(await read()), new Set(['before']));
  assert.deepEqual(
    (await place.list(restoreSessions)).map(({ status }) => status?.phase),
    ['Succeeded'],
  );
}

/** The new data, and after an undo the old data, too; nothing wrong was seen on the way. */
async function assertBoth({ home }: Standing): Promise<void> {
  const { place, read, guard } = home;
  await assertRestored(home);
  assert.deepEqual(await guard.stop(), []);
  const [session] = await place.list(restoreSessions);
  await place.succeeds(`undo ${session?.metadata.name ?? ''} --yes`, administrator);
  assert.deepEqual(new Set(await read()), new Set(['after']));
}

async function assertEndsWell(standing: readonly Standing[]): Promise<void> {
  for (const { ran, home } of standing) {
    const { code, stderr } = await ran;
    assert.equal(code, 0, `${home.restore}: ${stderr}`);
  }
  await Promise.all(standing.map(assertBoth));
}

function part(name: Program) {
  const found = controlPlane.processes.get(name);
  assert.ok(found, name);
  return found;
}

const everywhere = Object.keys(points) as Point[];

await suite('parts of the control plane fail during a restore in place', () => {
  for (const downMs of [3_000, deadAfterMs + 10_000]) {
    test(`the API server is down for ${downMs / 1000} s`, async (t) => {
      const standing = await beginAt(t, everywhere);
      await part('kube-apiserver').kill();
      goOn(standing);
      await setTimeout(downMs);
      await part('kube-apiserver').start();
      await assertEndsWell(standing);
    });
  }

  // An API server gives a request up after 60 s, and a client without an answer after 75 s.
  for (const pausedMs of [5_000, 90_000]) {
    test(`etcd is paused for ${pausedMs / 1000} s`, async (t) => {
      const standing = await beginAt(t, everywhere);
      part('etcd').pause();
      try {
        goOn(standing);
        await setTimeout(pausedMs);
      } finally {
        part('etcd').resume();
      }
      await assertEndsWell(standing);
    });
  }

  test('provisioner and controller manager are stopped for 10 s', async (t) => {
    const stopped = [part('csi-provisioner'), part('kube-controller-manager')];
    const standing = await beginAt(t, everywhere);
    await Promise.all(stopped.map((each) => each.kill()));
    goOn(standing);
    await setTimeout(10_000);
    await Promise.all(stopped.map((each) => each.start()));
    await assertEndsWell(standing);
  });

  test('the swap does not need the provisioner', async (t) => {
    const first: Point = 'the staged claims are deleted';
    const standing = await beginAt(t, [first, first]);
    await part('csi-provisioner').kill();
    try {
      goOn(standing);
      for (const { ran, home } of standing) {
        const { code, stderr } = await ran;
        assert.equal(code, 0, stderr);
        await assertRestored(home);
      }
    } finally {
      await part('csi-provisioner').start();
    }
    await Promise.all(standing.map(assertBoth));
  });

  test('the controller manager stays away: exit 7 where the workload is down, and the printed command goes on', async (t) => {
    const up: Point = 'the new volumes are reserved';
    const down: readonly Point[] = ['the claims are deleted', 'the claims are created again'];
    const standing = await beginAt(t, [up, ...down], fastClockAhead);
    const [first] = standing;
    assert(first);
    const before = await podsOf(first);
    await part('kube-controller-manager').kill();
    try {
      goOn(standing);
      for (const each of standing) {
        const { code, stderr } = await each.ran;
        assert.equal(code, each === first ? 5 : 7, stderr);
        assert.match(stderr, each === first ? /to be Available\n/ : /stopped while the workload is down: /);
      }
      assert.deepEqual(await podsOf(first), before);
    } finally {
      await part('kube-controller-manager').start();
    }
    await goOnAsPrinted(standing);
  });
});

/** The command line's limits pass in a tenth of their time. */
function fastClockAhead(): Clock {
  return fastClock(new Date(), 10);
}

async function podsOf({ home: { place } }: Standing): Promise<string[]> {
  return (await place.list(pods)).map(({ metadata }) => metadata.uid);
}

async function goOnAsPrinted(standing: readonly Standing[]): Promise<void> {
  await Promise.all(
    standing.map(async (each) => {
      const { stderr } = await each.ran;
      const [, words] = /to go on:\n\s*kubectl stash (.*)/.exec(stderr) ?? [];
      assert(words !== undefined, stderr);
      await each.home.place.succeeds(`${words} --yes`, administrator);
      await assertBoth(each);
    }),
  );
}
