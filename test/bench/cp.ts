/**
 * Compares `cp` with `kubectl exec -- tar` of the same files, out of the pod of the workload. What `cp` does besides, restoring a claim and
 * starting a pod, is measured by `browse` with no input, and not counted: it is the driver's time.
 */
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { deployments, namespaces, persistentVolumeClaims, pods } from '#src/api/resources.ts';
import { renderTable } from '#src/report/table.ts';
import { claim, deployment, mountPath, quiet } from '#test/e2e/manifests.ts';
import { until } from '#test/support/until.ts';

import { median, peakMemory, time, type Workbench } from './workbench.ts';

const run = promisify(execFile);
const rounds = 3;
const namespace = 'bench';

/** By the claim that holds it: what is copied, and the script that makes it. */
const cases = {
  dense: ['1 GiB in one file', 'head -c 1G /dev/urandom > it'],
  sparse: ['10 GiB in one file, 1 MiB of it data', 'head -c 1M /dev/urandom > it && truncate -s 10G it'],
  many: ['100,000 files in one directory', 'mkdir it && cd it && seq 100000 | split -l 1 -a 5 -'],
} as const;

export async function benchCp(bench: Workbench): Promise<void> {
  const { server, program, directory, print } = bench;
  const { cluster, kubectl, kubeconfig } = server;
  if (kubectl === undefined) throw new Error('cp is compared with kubectl exec, but there is no kubectl');
  const node = process.execPath;
  const to = join(directory, 'to');
  const environment = { env: { ...process.env, KUBECONFIG: kubeconfig } };
  const claims = Object.keys(cases);
  await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const inBench = <T extends { metadata: object }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, namespace },
  });
  for (const name of claims) await cluster.create(persistentVolumeClaims, inBench(claim(name, 'sandbox')));
  await cluster.create(deployments, inBench(quiet(deployment('demo', claims))));
  await until(cluster, pods, { namespace }, ([pod]) => pod?.status?.phase === 'Running', 60_000);
  const inPod = ['exec', '-n', namespace, 'deploy/demo', '--', 'sh', '-c'];
  for (const [name, [, script]] of Object.entries(cases))
    await run(kubectl, [...inPod, `cd ${mountPath(name)} && ${script}`], environment);
  await run(node, [program, 'snapshot', 'deploy/demo', '-n', namespace], environment);

  for (const [name, [label]] of Object.entries(cases)) {
    const tar = `tar -C ${mountPath(name)} -cf - it`;
    const theirs = ['sh', '-c', `${kubectl} exec -n ${namespace} deploy/demo -- ${tar} | tar -xf - -C ${to}`];
    const opened = [node, program, 'browse', '-n', namespace, 'deploy/demo', '--claim', name];
    const ours = [node, program, 'cp', '-n', namespace, `deploy/demo:${name}:/it`, to];
    const anew = async <T>(measure: () => Promise<T>): Promise<T> => {
      await mkdir(to);
      const measured = await measure();
      await rm(to, { recursive: true });
      return measured;
    };
    const took: { tar: number; cp: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const without = await time(bench, opened);
      const cp = await anew(() => time(bench, ours));
      took.push({ tar: await anew(() => time(bench, theirs)), cp: cp - without });
    }
    const peak = await anew(() => peakMemory(bench, ours));
    const row = [
      ...[
        label,
        median(took.map((each) => each.tar)).toFixed(0),
        median(took.map((each) => each.cp)).toFixed(0),
      ],
      median(took.map((each) => each.cp / each.tar)).toFixed(2),
      (peak ?? NaN).toFixed(0),
    ];
    print(`${renderTable(['what', 'tar: ms', 'cp: ms', 'ratio', 'cp: peak MiB'], [row])}\n`);
  }
}
