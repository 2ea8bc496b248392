/** Compares `cp` with `kubectl exec -- tar` of the same files, out of the pod of the workload. */
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

/** What is copied, by its name in the volume, and the script that makes it. */
const cases = {
  'one file of 1 GiB': ['dense', 'head -c 1G /dev/urandom > dense'],
  'one file of 10 GiB, 1 MiB of it data': [
    'sparse',
    'head -c 1M /dev/urandom > sparse && truncate -s 10G sparse',
  ],
  '100,000 files in one directory': ['many', 'mkdir many && cd many && seq 100000 | split -l 1 -a 5 -'],
} as const;

export async function benchCp(bench: Workbench): Promise<void> {
  const { server, program, directory, print } = bench;
  const { cluster, kubectl, kubeconfig } = server;
  if (kubectl === undefined) throw new Error('cp is compared with kubectl exec, but there is no kubectl');
  const to = join(directory, 'to');
  const stash = [process.execPath, program];
  const environment = { env: { ...process.env, KUBECONFIG: kubeconfig } };
  await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const inBench = <T extends { metadata: object }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, namespace },
  });
  await cluster.create(persistentVolumeClaims, inBench(claim('data', 'sandbox')));
  await cluster.create(deployments, inBench(quiet(deployment('demo', ['data']))));
  await until(cluster, pods, { namespace }, ([pod]) => pod?.status?.phase === 'Running', 60_000);
  const data = mountPath('data');
  const inPod = ['exec', '-n', namespace, 'deploy/demo', '--', 'sh', '-c'];
  for (const [, script] of Object.values(cases))
    await run(kubectl, [...inPod, `cd ${data} && ${script}`], environment);
  await run(stash[0] ?? '', [program, 'snapshot', 'deploy/demo', '-n', namespace], environment);

  const rows: string[][] = [];
  for (const [label, [name]] of Object.entries(cases)) {
    const pipe = `${kubectl} exec -n ${namespace} deploy/demo -- tar -C ${data} -cf - ${name} | tar -xf - -C ${to}`;
    const commands = {
      'kubectl exec -- tar, and tar': ['sh', '-c', pipe],
      cp: [...stash, 'cp', '-n', namespace, `deploy/demo:/${name}`, to],
    };
    const took: Record<string, number[]> = {};
    for (let round = 0; round < rounds; round++)
      for (const [command, words] of Object.entries(commands)) {
        await mkdir(to);
        (took[command] ??= []).push(await time(bench, words));
        await rm(to, { recursive: true });
      }
    await mkdir(to);
    const peak = await peakMemory(bench, commands.cp);
    await rm(to, { recursive: true });
    const [theirs = [], ours = []] = Object.values(took);
    const ratio = median(ours.map((value, round) => value / (theirs[round] ?? NaN)));
    rows.push([
      ...[label, median(theirs).toFixed(0), median(ours).toFixed(0), ratio.toFixed(2)],
      (peak ?? NaN).toFixed(0),
    ]);
  }
  print(
    `${renderTable(['what', 'kubectl exec -- tar, and tar: ms', 'cp: ms', 'ratio', 'cp: peak MiB'], rows)}\n`,
  );
}
