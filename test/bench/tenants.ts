/** Measures the memory of an operator whose tenants write large objects, by the number of objects. */
import { setTimeout as sleep } from 'node:timers/promises';

import { annotation } from '#src/api/labels.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { buildDeployment } from '#src/domain/install/deployment.ts';
import { renderTable } from '#src/report/table.ts';

import { startOperator } from './operator-process.ts';
import type { Workbench } from './workbench.ts';
import { namespace } from './workload.ts';

const size = 100_000;
const atOnce = 32;
/** The operator meanwhile refuses sessions, and writes why. */
const lookedAtMs = 30_000;

/** What fills the sessions: the fields of another driver, claim templates, hooks, an annotation, and the holder. */
const contents: readonly ((index: number) => Pick<RestoreSession, 'metadata' | 'spec'>)[] = [
  (index) => ({ metadata: at(index), spec: { driver: 'Restic', ...{ task: { name: text(size) } } } }),
  (index) => ({
    metadata: at(index),
    spec: {
      driver: 'VolumeSnapshotter',
      target: { volumeClaimTemplates: Array.from({ length: 100 }, (_, claim) => templateOf(claim)) },
    },
  }),
  (index) => ({
    metadata: at(index),
    spec: { driver: 'VolumeSnapshotter', hooks: { preRestore: { exec: { command: [text(size)] } } } },
  }),
  (index) => ({
    metadata: { ...at(index), annotations: { 'example.com/note': text(size) } },
    spec: { driver: 'VolumeSnapshotter' },
  }),
  (index) => ({
    metadata: { ...at(index), annotations: { [annotation.executor]: text(size) } },
    spec: { driver: 'Restic' },
  }),
];

/** Each of `counts` is larger than the one before. */
export async function benchTenants(bench: Workbench, counts: readonly number[]): Promise<void> {
  const { server, program, print } = bench;
  const { limits } = buildDeployment(options).spec.template.spec.containers[0]?.resources as {
    limits: { memory: string };
  };
  const rows: string[][] = [];
  let made = 0;
  for (const count of counts) {
    const fresh = Array.from({ length: count - made }, (_, index) => made + index);
    made = count;
    await forEachBounded(fresh, atOnce, async (index) => {
      const content = contents[index % contents.length]?.(index);
      if (content === undefined) return;
      await server.cluster.create(restoreSessions, { ...type, ...content });
    });
    const began = performance.now();
    // Half of the container's memory, as Node chooses it there.
    const operator = await startOperator(server, program, ['--max-old-space-size=256']);
    const filled = (performance.now() - began) / 1_000;
    await sleep(lookedAtMs);
    rows.push([String(count), filled.toFixed(0), (await operator.peak()).toFixed(0), limits.memory]);
    await operator.stop();
  }
  print(
    `operator with large objects: RestoreSessions of ${size / 1_000} kB, a fifth each of another driver, of claim ` +
      `templates, of hooks, of annotations and of holders; ${lookedAtMs / 1_000} s after the caches were filled\n\n` +
      `${renderTable(['sessions', 'filled after s', 'peak MiB', 'limit'], rows)}\n`,
  );
}

const type = { apiVersion: 'stash.appscode.com/v1beta1', kind: 'RestoreSession' } as const;
const options = { namespace, image: '', replicas: 1, runSessions: 'in-jobs', version: '' } as const;

function at(index: number) {
  return { name: `tenant-${index}`, namespace };
}

function text(length: number): string {
  return 'x'.repeat(length);
}

function templateOf(claim: number) {
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'none' };
  return {
    metadata: { name: `claim-${claim}`, annotations: { note: text(size / 100 - 200) } },
    spec: { accessModes: ['ReadWriteOnce' as const], dataSource },
  };
}
