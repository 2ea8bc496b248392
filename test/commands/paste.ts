/** Runs the commands of a hint: `kubectl stash ...` by the program itself, and a few kubectl commands by a copy. */
import assert from 'node:assert/strict';

import {
  backupConfigurations,
  cronJobs,
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  resourceQuotas,
  statefulSets,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';

import type { Ran } from './hints.ts';
import type { World } from './world.ts';

const resources: Readonly<Record<string, Resource>> = {
  deployment: deployments,
  statefulset: statefulSets,
  persistentvolumeclaim: persistentVolumeClaims,
  persistentvolume: persistentVolumes,
  pv: persistentVolumes,
  pod: pods,
  volumesnapshot: volumeSnapshots,
  volumesnapshotclass: volumeSnapshotClasses,
  backupconfiguration: backupConfigurations,
  cronjob: cronJobs,
  resourcequota: resourceQuotas,
};

/** Resolves with the output of the last command. Every command has to succeed. */
export async function paste(world: World, lines: readonly string[]): Promise<Ran | undefined> {
  let last: Ran | undefined;
  for (const line of lines) {
    const [program, verb = '', ...words] = line.replace(/ &&$/, '').split(' ');
    assert.equal(program, 'kubectl', line);
    if (verb === 'stash') {
      const here = ['snapshot', 'restore', 'trigger'].includes(words[0] ?? '') ? ['--executor=local'] : [];
      last = await world.run([...words, ...here]);
      assert.equal(last.code, 0, `${line}\n${last.err}`);
    } else {
      await likeKubectl(world, verb, words);
    }
  }
  return last;
}

interface Words {
  readonly resource: Resource;
  readonly names: readonly string[];
  readonly namespace: string | undefined;
  /** By name, without the dashes. */
  readonly flags: ReadonlyMap<string, string>;
}

async function likeKubectl(world: World, verb: string, words: readonly string[]): Promise<void> {
  if (verb === 'annotate') return annotate(world, words);
  const read = readWords(words);
  switch (verb) {
    case 'scale':
      return change(world, read, { spec: { replicas: Number(read.flags.get('replicas')) } });
    case 'patch':
      return change(world, read, JSON.parse(read.flags.get('p') ?? '') as object);
    case 'delete':
      return remove(world, read);
    case 'wait':
      return untilReady(world, read);
    default:
      return assert.fail(`a hint proposes kubectl ${verb}`);
  }
}

function readWords(words: readonly string[]): Words {
  const named: string[] = [];
  const flags = new Map<string, string>();
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const [, dashes, flag = '', value] = /^(--?)([\w-]+)(?:=(.*))?$/.exec(word) ?? [];
    if (dashes === undefined) named.push(word);
    else if (dashes === '--') flags.set(flag, value ?? 'true');
    else flags.set(flag, (words[(index += 1)] ?? '').replaceAll("'", ''));
  }
  const [type = '', ...others] = named.flatMap((word) => word.split('/'));
  const resource = resources[type];
  assert.ok(resource, words.join(' '));
  return { resource, names: others, namespace: flags.get('n'), flags };
}

async function change(world: World, { resource, names, namespace }: Words, patch: object): Promise<void> {
  for (const name of names) await world.cluster.patch(resource, { name, namespace }, patch);
}

/** `annotate TYPE NAME... KEY=VALUE KEY- [--overwrite]` of a cluster-scoped kind. */
async function annotate(world: World, [type = '', ...words]: readonly string[]): Promise<void> {
  const resource = resources[type];
  assert.ok(resource, type);
  const isChange = (word: string) => /=|-$/.test(word);
  const given = words.filter((word) => word !== '--overwrite');
  const changes = given.filter(isChange).map((word) => {
    const [key = '', value] = word.split('=');
    return value === undefined ? [key.slice(0, -1), null] : [key, value];
  });
  const metadata = { annotations: Object.fromEntries(changes) as Record<string, string | null> };
  for (const name of given.filter((word) => !isChange(word))) {
    await world.cluster.patch(resource, { name }, { metadata });
  }
}

/** As kubectl does, it waits until the objects are gone. */
async function remove(world: World, { resource, names, namespace, flags }: Words): Promise<void> {
  for (const name of names) {
    try {
      await world.cluster.delete(resource, { name, namespace });
    } catch (error) {
      if (flags.get('ignore-not-found') !== 'true') throw error;
    }
  }
  for (const name of names) {
    await world.until(resource, namespace, name, (object) => object === undefined);
  }
}

async function untilReady(world: World, { resource, names, namespace, flags }: Words): Promise<void> {
  assert.equal(flags.get('for'), 'jsonpath={.status.readyToUse}=true');
  assert.equal(resource, volumeSnapshots);
  for (const name of names) {
    await world.until(volumeSnapshots, namespace, name, (it) => it?.status?.readyToUse === true);
  }
}
