/** Does what a hint proposes: `kubectl stash ...` as the program itself, and the few commands of kubectl as it does them. */
import assert from 'node:assert/strict';

import { deployments, persistentVolumeClaims, statefulSets } from '#src/api/resources.ts';

import type { Ran, World } from './world.ts';

/** Resolves with what the last command said; each of them has to succeed. */
export async function paste(world: World, lines: readonly string[]): Promise<Ran | undefined> {
  let last: Ran | undefined;
  for (const line of lines) {
    const [program, verb = '', ...words] = line.split(' ');
    assert.equal(program, 'kubectl', line);
    if (verb === 'stash') {
      last = await world.run([...words, '--executor=local']);
      assert.equal(last.code, 0, `${line}\n${last.err}`);
    } else if (verb === 'scale') {
      await scale(world, words);
    } else if (verb === 'delete') {
      await remove(world, words);
    } else {
      assert.fail(`a hint proposes ${line}`);
    }
  }
  return last;
}

async function scale(world: World, [target = '', dash, namespace, count = '']: string[]): Promise<void> {
  const [type, name = ''] = target.split('/');
  assert.equal(dash, '-n');
  const replicas = Number(count.replace('--replicas=', ''));
  const resource = type === 'statefulset' ? statefulSets : deployments;
  await world.cluster.patch(resource, { name, namespace }, { spec: { replicas } });
}

/** As kubectl does, it waits until they are gone. */
async function remove(world: World, [type, ...words]: string[]): Promise<void> {
  assert.equal(type, 'persistentvolumeclaim');
  const [dash, namespace] = words.splice(-2);
  assert.equal(dash, '-n');
  for (const name of words) await world.cluster.delete(persistentVolumeClaims, { name, namespace });
  for (const name of words) {
    await world.until(persistentVolumeClaims, namespace, name, (claim) => claim === undefined);
  }
}
