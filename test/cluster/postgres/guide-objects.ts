/** The databases in the guide for databases: the tests use the guide's own objects. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { loadAll } from 'js-yaml';

import type { KubernetesObject, Pod, Workload } from '#src/api/kubernetes.ts';
import { readGuide } from '#test/e2e/guide.ts';

const file = join(import.meta.dirname, '../../../docs/guides/database.md');
const objects = readGuide(await readFile(file, 'utf8'))
  .map(({ command }) => /<<'YAML'.*\n([\s\S]*)\nYAML$/.exec(command)?.[1])
  .flatMap((text) => (text === undefined ? [] : (loadAll(text) as KubernetesObject[])));

function named(kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  return found ?? assert.fail(`${file} has no ${kind} ${name}`);
}

export interface GuideDatabase {
  readonly name: string;
  /** Claims of its only replica. */
  readonly claims: readonly string[];
  readonly workload: Workload;
  /** A pod that checks a restored copy; its claims are the database's, suffixed `-copy`. */
  readonly copy: Pod;
}

export const oneClaim: GuideDatabase = {
  name: 'db',
  claims: ['data-db-0'],
  workload: named('StatefulSet', 'db') as Workload,
  copy: named('Pod', 'db-copy') as Pod,
};

export const twoClaims: GuideDatabase = {
  name: 'ledger',
  claims: ['data-ledger-0', 'wal-ledger-0'],
  workload: named('StatefulSet', 'ledger') as Workload,
  copy: named('Pod', 'ledger-copy') as Pod,
};

/** ConfigMap with the scripts that freeze and thaw the server. */
export const scripts = named('ConfigMap', 'freeze');
