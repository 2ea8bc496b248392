/** A sandbox, with functions that run the program in it as a shell would, and read the objects in it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stashCrds } from '#src/api/crds/index.ts';
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { customResourceDefinitions, persistentVolumeClaims, type Resource } from '#src/api/resources.ts';
import type { CommandEntry } from '#src/cli/command.ts';
import type { Connection } from '#src/cli/context.ts';
import { run } from '#src/cli/run.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import type { Clock } from '#src/domain/clock.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '#src/sandbox/sandbox.ts';
import { testContext, type TestContextOptions } from '#test/support/context.ts';
import { runHints, type Ran } from './hints.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import { writtenKinds } from '#test/support/written-kinds.ts';

export interface RunOptions extends Omit<TestContextOptions, 'clock' | 'cluster'> {
  /** The server that the program connects to instead of the sandbox. */
  readonly through?: (cluster: Cluster) => Cluster;
  /** Default true. If false, the program finds a kubeconfig only by its flags and `env`. */
  readonly configured?: boolean;
  /** Default true. False: the printed hints are not run, since the test counts the requests of this run. */
  readonly hints?: boolean;
  /** Commands beside those of the program. */
  readonly further?: readonly CommandEntry[];
}

export interface World extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** The sandbox's cluster, without HTTP. */
  readonly cluster: Cluster;
  /** The arguments after `kubectl stash`; a string is split at spaces. In hints.long.ts, it runs the hints that are printed, too. */
  run(words: string | readonly string[], options?: RunOptions): Promise<Ran>;
  /** Writes a new file, and returns its path. */
  file(name: string, text: string): Promise<string>;
  create(...objects: readonly (readonly [Resource, KubernetesObject])[]): Promise<void>;
  /** Resolves with the object once it meets the condition. */
  until<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    satisfies: (object: Stored<T> | undefined) => boolean,
  ): Promise<void>;
  bound(namespace: string, ...claims: readonly string[]): Promise<void>;
  /** All objects of the kinds that a session may create, as `kind namespace/name`. */
  census(): Promise<string[]>;
  /** Stops the clocks of both sides at the start, or `seconds` later. */
  standAt(seconds: number): void;
  /** Runs the clocks of both sides `times` as fast as the machine's, by default fifty times; they stand while it is busy. */
  race(times?: number): void;
}

const beginning = Date.parse('2026-03-14T03:00:00Z');

export interface WorldOptions {
  /** Default true. If false, the cluster has no Stash kinds. */
  readonly stash?: boolean;
  /** The program that containers of our image run. */
  readonly program?: SandboxOptions['program'];
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-commands-'));
  let still: number | undefined = beginning;
  let running = scaledClock();
  let ahead = 0;
  const now = () => new Date(still ?? running.now().getTime() - ahead);
  const clock: Clock = {
    now,
    sleep: async (milliseconds, signal) => {
      if (signal?.aborted === true) return;
      if (still === undefined) {
        await running.sleep(milliseconds, signal);
        return;
      }
      // While the clocks are stopped, only an abort ends a sleep.
      await new Promise<void>((wake) => {
        signal?.addEventListener(
          'abort',
          () => {
            wake();
          },
          { once: true },
        );
      });
    },
  };
  const errors: string[] = [];
  const sandbox = await startSandbox({
    ...{ directory, now, program: options.program },
    onError: (message) => void errors.push(message),
  });
  const { cluster } = sandbox;
  if (options.stash !== false) {
    for (const definition of stashCrds) await cluster.create(customResourceDefinitions, definition);
  }
  const connections: Connection[] = [];

  const until: World['until'] = async (resource, namespace, name, satisfies) => {
    const stop = new AbortController();
    const scope = { namespace, fieldSelector: `metadata.name=${name}` };
    for await (const event of cluster.watch(resource, scope, stop.signal)) {
      const [seen] =
        event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [undefined];
      if (satisfies(seen)) stop.abort();
    }
  };

  const runHere: World['run'] = async (
    words,
    { through = (cluster: Cluster) => cluster, configured = true, further = [], ...options } = {},
  ) => {
    const context = testContext({
      clock,
      cluster: async (flags) => {
        const { kubeconfig = sandbox.kubeconfig, namespace: inside = 'demo' } = flags;
        const found = configured ? { ...flags, kubeconfig, namespace: inside } : flags;
        const connection = await connect(found, options.env ?? {}, {
          clock,
          version: 'v0.0.0',
          limits: { backoff: 1 },
        });
        connections.push(connection);
        return { ...connection, cluster: through(connection.cluster) };
      },
      ...options,
    });
    const argv = typeof words === 'string' ? words.split(' ') : words;
    const code = await run(argv, context, [...commands, ...further]);
    return { code, out: context.stdout(), err: context.stderr() };
  };

  return {
    sandbox,
    cluster,
    until,
    async run(words, { hints = true, ...options } = {}) {
      const ran = await runHere(words, options);
      if (!hints || process.env['RUN_HINTS'] === undefined) return ran;
      const interrupted = AbortSignal.abort();
      await runHints(`${ran.err}${ran.out}`, {
        stash: (hinted) => {
          const signal = hinted[0] === 'wait' ? { signal: interrupted } : {};
          return runHere(hinted, { ...options, isTTY: false, ...signal });
        },
        kubectl: process.env['HINTS_KUBECTL'],
        kubeconfig: sandbox.kubeconfig,
        ...(options.files && { files: options.files }),
      });
      return ran;
    },
    async file(name, text) {
      const path = join(directory, name);
      await writeFile(path, text);
      return path;
    },
    async create(...objects) {
      for (const [resource, object] of objects) await cluster.create(resource, object);
    },
    async bound(namespace, ...claims) {
      for (const claim of claims) {
        await until(persistentVolumeClaims, namespace, claim, (it) => it?.status?.phase === 'Bound');
      }
    },
    async census() {
      const lists = await Promise.all(
        // The sandbox does not have the kind.
        writtenKinds.map((kind) => cluster.list(kind).catch(() => ({ items: [] }))),
      );
      return lists
        .flatMap(({ items }) => items)
        .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
        .sort();
    },
    standAt(seconds) {
      still = beginning + seconds * 1000;
    },
    race(times = 50) {
      still = undefined;
      running = scaledClock(times);
      ahead = running.now().getTime() - beginning;
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.cluster.close();
      await sandbox.stop();
      await rm(directory, { recursive: true, force: true });
      if (errors.length > 0) throw new Error(`the sandbox reported: ${errors.join('; ')}`);
    },
  };
}
