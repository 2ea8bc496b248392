/** The databases of the guide for databases, out of it: what it says is what is tried. */
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
  /** Of its only replica. */
  readonly claims: readonly string[];
  readonly workload: Workload;
  /** That looks at a restored copy; its claims are those of the database with `-copy` at their end. */
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

/** With the scripts that stop the server and let it go on. */
export const scripts = named('ConfigMap', 'freeze');
