/** Runs the kubectl commands that `doctor` prints as fixes: `patch TYPE NAME --type=merge -p JSON` and `annotate TYPE NAME KEY-`. */
import assert from 'node:assert/strict';

import {
  backupConfigurations,
  cronJobs,
  resourceQuotas,
  volumeSnapshotClasses,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

const resources: Readonly<Record<string, Resource>> = {
  backupconfiguration: backupConfigurations,
  cronjob: cronJobs,
  resourcequota: resourceQuotas,
  volumesnapshotclass: volumeSnapshotClasses,
};

export async function runPatch(cluster: Cluster, line: string): Promise<void> {
  const [, verb, type = '', name = '', ...rest] = line.split(' ');
  const resource = resources[type];
  assert.ok(resource, line);
  const namespace = /-n (\S+)/.exec(line)?.[1];
  await cluster.patch(resource, { name, namespace }, verb === 'annotate' ? annotations(rest) : patchOf(line));
}

function annotations([change = '']: readonly string[]): object {
  assert.match(change, /^[^=]+-$/);
  return { metadata: { annotations: { [change.slice(0, -1)]: null } } };
}

function patchOf(line: string): object {
  return JSON.parse(/-p '(.*)'$/.exec(line)?.[1] ?? '') as object;
}
