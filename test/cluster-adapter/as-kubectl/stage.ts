/** Runs kubectl and our program in the same directory, with the same environment and the same arguments. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';

import { stashCrds } from '#src/api/crds/index.ts';
import type { PersistentVolumeClaim, VolumeSnapshot } from '#src/api/kubernetes.ts';
import {
  customResourceDefinitions,
  namespaces,
  persistentVolumeClaims,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { startSandbox, type Sandbox } from '#src/sandbox/sandbox.ts';
import { ourProgram } from '#test/support/our-program.ts';
import { until } from '#test/support/until.ts';

import { startFront, type Front, type Seen } from './front.ts';
import { startProxies, type Proxies } from './proxies.ts';
import { kubeconfig, type Given, type Outcome, type Reached, type Row, type Stage } from './row.ts';

export type Program = 'kubectl' | 'ours';

type Commands = Readonly<Record<Program, readonly string[]>>;

export interface Ran {
  readonly outcome: Outcome;
  readonly said: string;
}

export interface Runner {
  run(program: Program, row: Row): Promise<Ran>;
  stop(): Promise<void>;
}

export async function openStage(): Promise<Runner> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-as-kubectl-'));
  const sandbox = await startSandbox({ directory: join(directory, 'sandbox') });
  for (const name of ['team', 'first', 'other']) {
    await sandbox.cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  for (const definition of stashCrds) await sandbox.cluster.create(customResourceDefinitions, definition);
  await sandbox.cluster.create(persistentVolumeClaims, claim);
  await sandbox.cluster.create(volumeSnapshots, snapshot);
  await until(
    sandbox.cluster,
    volumeSnapshots,
    { namespace: 'team' },
    ([found]) => found?.status?.readyToUse === true,
  );
  const lanes = await Promise.all(Array.from({ length: laneCount }, () => openLane(sandbox)));
  const free = [...lanes];
  const waiting: ((lane: Lane) => void)[] = [];
  const { argv } = await ourProgram();
  const reads: Commands = { kubectl: ['kubectl', 'get', 'volumesnapshots'], ours: [...argv, 'list'] };
  const create = ['--dry-run=server', '-o', 'json', '-f', 'object'];
  const creates: Commands = {
    kubectl: ['kubectl', 'create', ...create],
    ours: [...argv, 'restore', ...create],
  };
  let rows = 0;

  return {
    async run(program, row) {
      const lane = free.pop() ?? (await new Promise<Lane>((take) => waiting.push(take)));
      try {
        return await runIn(lane, program, row);
      } finally {
        const next = waiting.shift();
        if (next) next(lane);
        else free.push(lane);
      }
    },
    async stop() {
      for (const { front, proxies } of lanes) {
        front.stop();
        proxies.stop();
      }
      await sandbox.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };

  async function runIn({ front, proxies }: Lane, program: Program, row: Row): Promise<Ran> {
    const here = join(directory, `row-${++rows}`);
    const stage: Stage = { front, proxies, directory: here };
    const given = row.given(stage);
    const { object } = given;
    await write(here, {
      config: given.kubeconfig ?? kubeconfig(stage),
      ...given.files,
      ...(object !== undefined && { object }),
    });
    front.seen.length = 0;
    // The machine uses ports again.
    proxies.came.clear();
    const command = [...(object === undefined ? reads : creates)[program], ...(given.flags ?? [])];
    const { code, said, printed } = await execute(wrapped(command, given, here), given, here);
    if (object !== undefined) return { outcome: templatesOf(code, printed), said };
    const plugin = await readFile(join(here, 'plugin'), 'utf8').catch(() => undefined);
    const seen = front.seen.map((each) => reached(each, proxies.came));
    return { outcome: outcomeOf(code, seen, plugin), said };
  }
}

/** Servers that see the requests of one program at a time. */
interface Lane {
  readonly front: Front;
  readonly proxies: Proxies;
}

const laneCount = 4;

async function openLane(sandbox: Sandbox): Promise<Lane> {
  const front = await startFront(sandbox);
  return { front, proxies: await startProxies(front.port, front.proxy) };
}

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'team' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

const snapshot: VolumeSnapshot = {
  apiVersion: 'snapshot.storage.k8s.io/v1',
  kind: 'VolumeSnapshot',
  metadata: { name: 'monday', namespace: 'team' },
  spec: { source: { persistentVolumeClaimName: 'data' } },
};

type Files = Readonly<Record<string, object | string | Buffer>>;

async function write(directory: string, files: Files): Promise<void> {
  await mkdir(join(directory, 'home'), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(
      path,
      Buffer.isBuffer(content) || typeof content === 'string' ? content : JSON.stringify(content),
    );
    if (name.endsWith('.sh')) await chmod(path, 0o755);
  }
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/** In a mount namespace of its own, or with a terminal, as the row needs it. */
function wrapped(command: readonly string[], { mounts, terminal }: Given, here: string): readonly string[] {
  if (terminal === true) return ['script', '--quiet', '--return', '--command', quoted(command), '/dev/null'];
  if (mounts === undefined) return command;
  const steps = Object.entries(mounts).flatMap(([path, from]) => [
    // The parent is hidden, so that a missing directory can be made in it.
    ...(path.startsWith('/var/run/') ? [quoted(['mount', '-t', 'tmpfs', 'none', '/run'])] : []),
    quoted(['mkdir', '-p', path]),
    quoted(['mount', '--bind', join(here, from), path]),
  ]);
  return ['unshare', '--mount', 'sh', '-ec', [...steps, `exec ${quoted(command)}`].join('\n')];
}

async function execute(
  [file = '', ...args]: readonly string[],
  { env, stdin, terminal }: Given,
  cwd: string,
): Promise<{ readonly code: number | null; readonly said: string; readonly printed: string }> {
  const variables = {
    ...{ PATH: process.env['PATH'], HOME: join(cwd, 'home'), KUBECONFIG: join(cwd, 'config') },
    ...env,
  };
  const child = spawn(file, args, {
    cwd,
    env: Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== '')),
    stdio: 'pipe',
    timeout: 30_000,
  });
  child.stdin.on('error', () => undefined);
  // At a terminal, the end of the input would be typed before the program reads it.
  if (terminal === true) child.stdin.write(stdin ?? '');
  else child.stdin.end(stdin);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, said: out + err, printed: out };
}

/** The templates of the RestoreSession that the program prints; we print its claims too. */
function templatesOf(code: number | null, printed: string): Outcome {
  if (code !== 0) return 'refused';
  const object = JSON.parse(printed) as Partial<RestoreSession> & { items?: Partial<RestoreSession>[] };
  const session = (object.items ?? [object]).find(({ kind }) => kind === 'RestoreSession');
  const { target, hooks } = session?.spec ?? {};
  const port = hooks?.postRestore?.tcpSocket?.port;
  return { templates: target?.volumeClaimTemplates, ...(port !== undefined && { port }) };
}

const usual: Reached = { authorization: 'Bearer T', namespace: 'team' };

function reached(seen: Seen, came: ReadonlyMap<number, string>): Reached {
  const { localPort, authorization = 'none', ...rest } = seen;
  const through = came.get(localPort);
  return { ...rest, authorization, ...(through !== undefined && { through }) };
}

/** Requests that name no namespace say as much as those that do, but for the namespace. */
function outcomeOf(code: number | null, seen: readonly Reached[], plugin: string | undefined): Outcome {
  const own = seen.find(({ namespace }) => namespace !== undefined);
  const ran = plugin === undefined ? {} : { plugin: JSON.parse(plugin) as unknown };
  if (own === undefined) return code === 0 ? { ...ran, namespace: 'none' } : 'refused';
  const odd = seen.find((each) => !isDeepStrictEqual({ ...own, ...each, namespace: own.namespace }, own));
  if (odd !== undefined || code !== 0) return { templates: { code, seen } };
  const entries = Object.entries(own).filter(
    ([key, value]) => !isDeepStrictEqual(value, usual[key as keyof Reached]),
  );
  return { ...Object.fromEntries(entries), ...ran };
}
