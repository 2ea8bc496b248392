/**
 * Compares `list` with `kubectl get backupsessions`: time, memory and requests for the same number of rows.
 */
import { backupConfigurations } from '#src/api/resources.ts';
import { renderTable } from '#src/report/table.ts';

import { median, peakMemory, time, type Workbench } from './workbench.ts';
import { makeWorkload, namespace, removeSnapshots } from './workload.ts';

const points = 20;
const rounds = 15;

export async function benchList(bench: Workbench): Promise<void> {
  const { cluster, kubectl, countRequests } = bench.server;
  if (kubectl === undefined) throw new Error('list is compared with kubectl, but there is none');
  const name = 'bench-list';
  const node = process.execPath;
  await makeWorkload(cluster, name, 1);
  // A session's name contains the time in seconds, so this takes a second per session.
  for (let point = 0; point < points; point++)
    await time(bench, [node, bench.program, 'snapshot', `deploy/${name}`, '--executor=local']);
  const commands: Readonly<Record<string, readonly string[]>> = {
    'kubectl get backupsessions': [kubectl, 'get', 'backupsessions', '--cache-dir', bench.directory],
    'kubectl stash list': [node, bench.program, 'list'],
    'node -e 0': [node, '-e', '0'],
  };
  const measured = Object.entries(commands).map(([label, command]) => ({
    label,
    command,
    times: [] as number[],
    memory: [] as number[],
    requests: 0,
  }));
  // Warm up kubectl's discovery cache and the disk caches.
  for (const { command } of measured) await time(bench, command);
  for (let round = 0; round < rounds; round++) {
    for (const { command, times } of measured) times.push(await time(bench, command));
    // In a separate run, because watching the memory slows the process down.
    for (const { command, memory } of measured) memory.push((await peakMemory(bench, command)) ?? NaN);
  }
  for (const one of measured) {
    const counted = await countRequests();
    await time(bench, one.command);
    one.requests = (await counted()).others;
  }
  await removeSnapshots(cluster);
  await cluster.delete(backupConfigurations, { name: `deploy-${name}`, namespace });
  const [first] = measured;
  const rows = measured.map(({ label, times, memory, requests }) => [
    label,
    median(times).toFixed(0),
    median(times.map((took, round) => took / (first?.times[round] ?? NaN))).toFixed(2),
    median(memory).toFixed(0),
    median(memory.map((peak, round) => peak / (first?.memory[round] ?? NaN))).toFixed(2),
    String(requests),
  ]);
  const headers = ['command', 'ms', 'ratio', 'peak MiB', 'ratio', 'requests'];
  bench.print(
    `list: ${points} sessions of one claim each; whole processes in turn, medians of ${rounds} rounds\n\n` +
      `${renderTable(headers, rows)}\n`,
  );
}
