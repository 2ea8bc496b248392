/** Runs the plugin in this process as the command line would, or as the binary that `$E2E_PROGRAM` names. */
import { run } from '#src/cli/run.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import type { Clock } from '#src/domain/clock.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Connection } from '#src/cluster/connection.ts';
import { runHints } from '#test/commands/hints.ts';
import { testContext } from '#test/support/context.ts';
import { packagedProgram } from '#test/support/our-program.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { runPackaged } from './packaged-plugin.ts';
import type { Identity, Ran } from './ran.ts';

export type { Identity, Ran };

export interface RunOptions {
  /** Default: the kubeconfig's user. */
  readonly identity?: Identity | undefined;
  /** Default: the kubeconfig's namespace. */
  readonly namespace?: string;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** Default: the machine's clock. Only the plugin uses it; requests take real time. */
  readonly clock?: Clock;
  /** Wraps the cluster that the plugin gets. */
  readonly seenAs?: (cluster: Cluster) => Cluster;
}

/** `argv`: the arguments after `kubectl stash`. With `$RUN_HINTS` the commands that it prints in hints are run, too. */
export async function runPlugin(
  kubeconfig: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const ran = await runOnce(kubeconfig, argv, options);
  if (process.env['RUN_HINTS'] === undefined) return ran;
  await runHints(`${ran.stderr}${ran.stdout}`, {
    stash: async (hinted) => {
      const signal = hinted[0] === 'wait' ? { signal: AbortSignal.abort() } : {};
      const { code, stdout, stderr } = await runOnce(kubeconfig, hinted, { ...options, ...signal });
      return { code, out: stdout, err: stderr };
    },
    kubectl: process.env['HINTS_KUBECTL'],
    kubeconfig,
    ...(options.namespace !== undefined && { namespace: options.namespace }),
  });
  return ran;
}

async function runOnce(kubeconfig: string, argv: readonly string[], options: RunOptions): Promise<Ran> {
  const { identity, namespace, stdin, signal, clock = scaledClock(), seenAs } = options;
  // Another clock or a wrapped cluster works in this process only.
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
