/** The servers that a bench runs on. This process serves them, or starts processes that do. */
import { stashCrds } from '#src/api/crds/index.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import { clientVersion } from '#src/cli/version.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';
import type { RateLimits } from '#test/cluster/components.ts';
import { startControlPlane, type ControlPlane } from '#test/cluster/control-plane.ts';
import { currentPlace } from '#test/cluster/node/place.ts';
import { findPrograms } from '#test/cluster/programs.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { beginAudit, measured, type AuditedRequest } from './audit.ts';

export interface Requests {
  /** Renewals of the holder annotation, whose number depends on time and not on work. */
  readonly renewals: number;
  readonly others: number;
}

export interface BenchServer {
  /** For use by the bench itself. */
  readonly cluster: Cluster;
  /** For the measured programs. */
  readonly kubeconfig: string;
  /** Undefined if there is no kubectl. */
  readonly kubectl: string | undefined;
  /**
   * Starts counting the requests made with that kubeconfig. Resolves with a function that returns the counts;
   * call it at the end.
   */
  readonly countRequests: () => Promise<() => Promise<Requests>>;
  readonly stop: () => Promise<void>;
}

export interface RealServer extends BenchServer {
  /** See {@link beginAudit}. */
  readonly audit: () => ReturnType<typeof beginAudit>;
  readonly processes: ControlPlane['processes'];
}

/** `program`: the bundle that containers of our image run; left out: they only count as running. */
export async function benchSandbox(
  directory: string,
  kubectl: string | undefined,
  program?: string,
): Promise<BenchServer> {
  const own = program !== undefined && {
    program: { argv: [process.execPath, program], version: clientVersion },
  };
  const sandbox = await startSandbox({ directory, ...own });
  const { cluster, kubeconfig, requests } = sandbox;
  for (const definition of stashCrds) await cluster.create(customResourceDefinitions, definition);
  return {
    cluster,
    kubeconfig,
    kubectl,
    countRequests: () => {
      requests.reset();
      return Promise.resolve(() => {
        // A session's holder patches the session only to renew its hold; its other writes go to the status.
        const renewals = requests.count({ verb: 'patch', plural: 'backupsessions' });
        return Promise.resolve({ renewals, others: requests.count() - renewals });
      });
    },
    stop: () => sandbox.stop(),
  };
}

/** Rejects with {@link Missing} if the machine lacks what it takes to start a control plane. */
export async function benchControlPlane(
  rateLimits: RateLimits,
  say: (line: string) => void,
): Promise<RealServer> {
  const programs = await findPrograms(process.env, say, { node: (await currentPlace()) !== undefined });
  const controlPlane = await startControlPlane({ programs, rateLimits, onError: say });
  const { auditLog, users, processes } = controlPlane;
  const audit = () => beginAudit(auditLog);
  try {
    const options = { clock: scaledClock(), version: 'bench' };
    const { cluster } = await connect({ kubeconfig: controlPlane.kubeconfig }, {}, options);
    return {
      cluster,
      kubeconfig: await users.kubeconfig({ name: measured, groups: ['system:masters'] }),
      kubectl: programs.path.kubectl,
      audit,
      processes,
      countRequests: async () => {
        const asked = await audit();
        return async () => countAudited(await asked());
      },
      stop: async () => {
        cluster.close();
        await controlPlane.stop();
      },
    };
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
}

function countAudited(requests: readonly AuditedRequest[]): Requests {
  const renewals = requests.filter(
    ({ verb, resource, subresource }) =>
      verb === 'patch' && resource === 'backupsessions' && subresource === undefined,
  ).length;
  return { renewals, others: requests.length - renewals };
}
