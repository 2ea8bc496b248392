/** The servers that a bench runs on; both are served from this process or by children of it. */
import { stashCrds } from '#src/api/crds/index.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';
import type { RateLimits } from '#test/cluster/components.ts';
import { startControlPlane, type ControlPlane } from '#test/cluster/control-plane.ts';
import { findPrograms } from '#test/cluster/programs.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { beginAudit, measured, type AuditedRequest } from './audit.ts';

export interface Requests {
  /** Of a holder's annotation: they come with time, not with work. */
  readonly renewals: number;
  readonly others: number;
}

export interface BenchServer {
  /** For the bench itself. */
  readonly cluster: Cluster;
  /** For what is measured. */
  readonly kubeconfig: string;
  /** Undefined where none is at hand. */
  readonly kubectl: string | undefined;
  /** Begins to count what is asked with that kubeconfig; the function it resolves with tells, once all is over. */
  readonly countRequests: () => Promise<() => Promise<Requests>>;
  readonly stop: () => Promise<void>;
}

export interface RealServer extends BenchServer {
  /** As {@link beginAudit}. */
  readonly audit: () => ReturnType<typeof beginAudit>;
  readonly processes: ControlPlane['processes'];
}

export async function benchSandbox(directory: string, kubectl: string | undefined): Promise<BenchServer> {
  const sandbox = await startSandbox({ directory });
  const { cluster, kubeconfig, requests } = sandbox;
  for (const definition of stashCrds) await cluster.create(customResourceDefinitions, definition);
  return {
    cluster,
    kubeconfig,
    kubectl,
    countRequests: () => {
      requests.reset();
      return Promise.resolve(() => {
        // All else that a session's holder writes to it is its status.
        const renewals = requests.count({ verb: 'patch', plural: 'backupsessions' });
        return Promise.resolve({ renewals, others: requests.count() - renewals });
      });
    },
    stop: () => sandbox.stop(),
  };
}

/** Rejects with {@link Missing} where there is nothing to start one from. */
export async function benchControlPlane(
  rateLimits: RateLimits,
  say: (line: string) => void,
): Promise<RealServer> {
  const programs = await findPrograms(process.env, say);
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
