/** The plugin, run in this process as the command line would run it; or the binary that `$E2E_PROGRAM` names. */
import { run } from '#src/cli/run.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import type { Clock } from '#src/domain/clock.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Connection } from '#src/cluster/connection.ts';
import { testContext } from '#test/support/context.ts';
import { packagedProgram } from '#test/support/our-program.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { runPackaged } from './packaged-plugin.ts';
import type { Identity, Ran } from './ran.ts';

export type { Identity, Ran };

export interface RunOptions {
  /** Left out: as whoever the kubeconfig says. */
  readonly identity?: Identity | undefined;
  /** In place of the kubeconfig's. */
  readonly namespace?: string;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** Default: the machine's. It is the plugin's only; requests take their real time. */
  readonly clock?: Clock;
  /** What the plugin is given in place of its cluster. */
  readonly seenAs?: (cluster: Cluster) => Cluster;
}

/** `argv` is what follows `kubectl stash`. */
export async function runPlugin(
  kubeconfig: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const { identity, namespace, stdin, signal, clock = scaledClock(), seenAs } = options;
  // Another clock or another view of the cluster can be given to it in this process only.
  if (packagedProgram !== undefined && options.clock === undefined && !seenAs)
    return runPackaged(packagedProgram, kubeconfig, argv, { identity, namespace, stdin, signal });
  const connections: Connection[] = [];
  const context = testContext({
    clock,
    ...(stdin !== undefined && { stdin }),
    ...(signal && { signal }),
    cluster: async (flags) => {
      const found = await connect(
        { ...flags, ...identity, kubeconfig, namespace: flags.namespace ?? namespace },
        {},
        { clock: scaledClock(), version: 'e2e' },
      );
      connections.push(found);
      return { ...found, cluster: seenAs ? seenAs(found.cluster) : found.cluster };
    },
  });
  const code = await run(argv, context, commands);
  for (const { cluster } of connections) cluster.close();
  return { code, stdout: context.stdout(), stderr: context.stderr() };
}
