/**
 * Measures how long a workload is down while its data is restored: in place, and by the commands that a user would have
 * to run otherwise. Its pod writes many times a second, to its volume and to a file on the node.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { KubernetesObject, PersistentVolumeClaim, Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import {
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  restoreSessions,
  type Resource,
} from '#src/api/resources.ts';
import { observe } from '#src/cluster/observe.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { renderTable } from '#src/report/table.ts';
import { deployment, mountPath } from '#test/e2e/manifests.ts';

import type { RealServer } from './servers.ts';
import { median, time, type Workbench } from './workbench.ts';
import { allBound, claimNames, makeClaim, namespace } from './workload.ts';

type Bench = Workbench<RealServer>;

/** Milliseconds. */
interface Outage {
  /** From the old pod's last write to the new one's first. */
  readonly down: number;
  /** From the request that the old pod end until it is gone. */
  readonly stop: number;
  /** From then until a pod may start on the claims again. */
  readonly between: number;
  /** From then to the new pod's first write. */
  readonly start: number;
  readonly requests: number;
}

type Commands = (bench: Bench, name: string, claims: readonly string[]) => string[][];

const inPlace =
  (stop: string): Commands =>
  ({ program }, name) => [
    [process.execPath, program, 'restore', `deploy/${name}`, '--in-place', `--stop=${stop}`, '--yes'],
  ];

const ways: Readonly<Record<string, Commands>> = {
  'in place, by scale': inPlace('scale'),
  'in place, by gate': inPlace('gate'),
  'four commands': ({ server: { kubectl = 'kubectl' }, program }, name, claims) => [
    [kubectl, 'scale', `deploy/${name}`, '--replicas=0'],
    [kubectl, 'delete', 'pvc', ...claims],
    [process.execPath, program, 'restore', `deploy/${name}`, '--executor=local'],
    [kubectl, 'scale', `deploy/${name}`, '--replicas=1'],
  ],
};

const rounds = 3;
/** Until the rate limits of the controllers are those of an idle cluster again. */
const restMs = 5_000;
const patienceMs = 300_000;
const beats = '/beats';

export async function benchInPlace(bench: Bench, scales: readonly number[]): Promise<void> {
  const { cluster } = bench.server;
  const directory = join(bench.directory, 'beats');
  await mkdir(directory);
  const rows: string[][] = [];
  for (const count of scales) {
    const name = `down-${count}`;
    const claims = claimNames(name, count);
    for (const claim of claims) await makeClaim(cluster, claim);
    await allBound(cluster);
    await cluster.create(deployments, writer(name, claims, directory));
    await firstBeat(directory, []);
    await time(bench, [process.execPath, bench.program, 'snapshot', `deploy/${name}`, '--executor=local']);
    const seen = new Map<string, Outage[]>(Object.keys(ways).map((way) => [way, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [way, commands] of Object.entries(ways)) {
        await sleep(restMs);
        const argv = commands(bench, name, claims);
        seen.get(way)?.push(await outage(bench, { name, claims, directory, commands: argv }));
        await giveUpVolumes(cluster);
      }
    }
    await cluster.patch(deployments, { name, namespace }, { spec: { replicas: 0 } });
    rows.push(...rowsOf(count, seen));
  }
  bench.print(
    `downtime of a Deployment with one pod on a real node, the ways in turn, medians over the rounds\n\n` +
      `${renderTable(headers, rows)}\n`,
  );
}

const headers = [
  'claims',
  'way',
  'rounds',
  'down ms',
  'ratio',
  'pod stops ms',
  'between ms',
  'longest',
  'pod starts ms',
  'requests',
];

/** The last way is what the others are compared with. */
function rowsOf(count: number, seen: ReadonlyMap<string, readonly Outage[]>): string[][] {
  const middle = (of: readonly Outage[] = [], value: (outage: Outage) => number) => median(of.map(value));
  const base = middle([...seen.values()].at(-1), ({ down }) => down);
  return [...seen].map(([way, outages]) => {
    const down = middle(outages, (each) => each.down);
    return [
      ...[String(count), way, String(outages.length), down.toFixed(0), (down / base).toFixed(2)],
      middle(outages, ({ stop }) => stop).toFixed(0),
      middle(outages, ({ between }) => between).toFixed(0),
      Math.max(...outages.map(({ between }) => between)).toFixed(0),
      middle(outages, ({ start }) => start).toFixed(0),
      String(middle(outages, ({ requests }) => requests)),
    ];
  });
}

interface Measured {
  readonly name: string;
  readonly claims: readonly string[];
  readonly directory: string;
  readonly commands: readonly string[][];
}

async function outage(bench: Bench, { name, claims, directory, commands }: Measured): Promise<Outage> {
  const { cluster, countRequests } = bench.server;
  const known = await readdir(directory);
  const [old] = (await cluster.list(pods, { namespace, labelSelector: `app=${name}` })).items;
  const before = (await cluster.list(persistentVolumeClaims, { namespace })).items;
  const uids = new Set([old, ...before].map((each) => each?.metadata.uid));
  const isOld = ({ metadata }: Stored<KubernetesObject>) => uids.has(metadata.uid);
  using moments = openMoments(cluster);
  const asked = moments.of((all) => all.pods.some((it) => isOld(it) && it.metadata.deletionTimestamp));
  const gone = moments.of((all) => asked.isPast() && !all.pods.some(isOld));
  // A pod may start on the claims now.
  const ready = moments.of((all) => {
    const fresh = all.claims.filter((it) => claims.includes(it.metadata.name) && !isOld(it));
    const isBound = fresh.length === claims.length && fresh.every(({ status }) => status?.phase === 'Bound');
    const workload = all.deployments.find(({ metadata }) => metadata.name === name);
    return gone.isPast() && isBound && workload?.spec.replicas === 1;
  });
  await moments.watching;
  const counted = await countRequests();
  for (const command of commands) await time(bench, command);
  const { others } = await counted();
  const first = await firstBeat(directory, known);
  return {
    down: first - (await lastBeat(directory, old)),
    stop: (await gone.at) - (await asked.at),
    between: (await ready.at) - (await gone.at),
    start: first - (await uptimeOf(await ready.at)),
    requests: others,
  };
}

interface Moment {
  /** Milliseconds of `performance.now()`. */
  readonly at: Promise<number>;
  readonly isPast: () => boolean;
}

interface Seen {
  readonly pods: readonly Stored<Pod>[];
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly deployments: readonly Stored<Workload>[];
}

/** When something was first true of the objects of the namespace; asked in this order at each change. */
function openMoments(cluster: Cluster) {
  const over = new AbortController();
  const looks: (() => void)[] = [];
  const look = () => {
    if (seen.every((each) => each.isSynced())) for (const each of looks) each();
  };
  const watch = <T extends KubernetesObject>(resource: Resource<T>) =>
    observe(cluster, resource, { namespace }, over.signal, look);
  const seen = [watch(pods), watch(persistentVolumeClaims), watch(deployments)] as const;
  return {
    of(isTrue: (all: Seen) => unknown): Moment {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      let isPast = false;
      looks.push(() => {
        const [ofPods, ofClaims, ofDeployments] = seen;
        const all = {
          pods: [...ofPods.items.values()],
          claims: [...ofClaims.items.values()],
          deployments: [...ofDeployments.items.values()],
        };
        if (isPast || !isTrue(all)) return;
        isPast = true;
        resolve(performance.now());
      });
      setTimeout(() => {
        reject(new Error('the workload did not stop and start as expected'));
      }, patienceMs).unref();
      promise.catch(() => undefined);
      return { at: promise, isPast: () => isPast };
    },
    watching: Promise.all(seen.map(({ synced }) => synced)),
    [Symbol.dispose]: () => {
      over.abort();
    },
  };
}

/** Its pod writes the machine's uptime to its first claim, and then to a file of its own on the node. */
function writer(name: string, claims: readonly string[], directory: string): Workload {
  const workload = deployment(name, claims);
  const { spec } = workload.spec.template;
  const [first = ''] = claims;
  const script = `trap 'exit 0' TERM
while read up rest < /proc/uptime; do
  echo $up > ${mountPath(first)}/beat && echo $up >> ${beats}/$HOSTNAME
  sleep 0.02
done`;
  for (const container of spec.containers) {
    container.args = [script];
    container.volumeMounts = [...(container.volumeMounts ?? []), { name: 'beats', mountPath: beats }];
  }
  const onNode = { name: 'beats', hostPath: { path: directory } };
  return {
    ...workload,
    metadata: { ...workload.metadata, namespace },
    spec: {
      ...workload.spec,
      template: {
        ...workload.spec.template,
        spec: {
          ...spec,
          terminationGracePeriodSeconds: 10,
          volumes: [...(spec.volumes ?? []), onNode],
        },
      },
    },
  };
}

/** Milliseconds of the machine's uptime at the first write of a pod that is not known. */
async function firstBeat(directory: string, known: readonly string[]): Promise<number> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const [file] = (await readdir(directory)).filter((name) => !known.includes(name));
    const [line, ...more] = file === undefined ? [] : await linesOf(directory, file);
    if (line !== undefined && more.length > 0) return Number(line) * 1000;
    await sleep(20);
  }
  throw new Error('no pod has started to write');
}

async function lastBeat(directory: string, pod: Stored<Pod> | undefined): Promise<number> {
  return Number((await linesOf(directory, pod?.metadata.name ?? '')).at(-2)) * 1000;
}

/** The last one is empty or incomplete. */
async function linesOf(directory: string, file: string): Promise<string[]> {
  return (await readFile(join(directory, file), 'utf8')).split('\n');
}

/** The machine's uptime at a time of `performance.now()`, in milliseconds. */
async function uptimeOf(moment: number): Promise<number> {
  const [uptime] = (await readFile('/proc/uptime', 'utf8')).split(' ');
  return Number(uptime) * 1000 - performance.now() + moment;
}

/** Nothing else deletes the volumes that are kept. */
async function giveUpVolumes(cluster: Cluster): Promise<void> {
  const { items } = await cluster.list(persistentVolumes, { labelSelector: label.restoreSession });
  for (const { metadata } of items) {
    const spec = { persistentVolumeReclaimPolicy: 'Delete' as const };
    await cluster.patch(persistentVolumes, { name: metadata.name }, { spec });
  }
  for (const { metadata } of (await cluster.list(restoreSessions, { namespace })).items)
    await cluster.delete(restoreSessions, metadata);
}
