import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  deployments,
  namespaces,
  volumeSnapshotClasses,
} from '#src/api/resources.ts';
import { completionScripts } from '#src/cli/completion-scripts.ts';
import { configuration } from '#test/e2e/operator/manifests.ts';
import { deployment } from '#test/e2e/manifests.ts';

import { startWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await startWorld();
  world.race();
  const inProd = { namespace: 'prod' };
  await world.create(
    [namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod' } }],
    ...['shop', 'shop-db', 'mail'].map((name) => {
      const object = deployment(name, []);
      return [deployments, { ...object, metadata: { ...object.metadata, ...inProd } }] as const;
    }),
    ...['nightly', 'weekly'].map((name) => {
      const object = configuration(name, { target: 'shop' });
      return [backupConfigurations, { ...object, metadata: { ...object.metadata, ...inProd } }] as const;
    }),
  );
});
after(() => world[Symbol.asyncDispose]());

async function complete(...words: string[]): Promise<string[]> {
  const { code, out, err } = await world.run(['__complete', ...words]);
  assert.deepEqual([code, err], [0, '']);
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\t.*/, ''));
}

const rows: readonly { readonly line: readonly string[]; readonly expected: readonly string[] }[] = [
  { line: ['snap'], expected: ['snapshot', ':4'] },
  { line: ['help', 'snap'], expected: ['snapshot', ':4'] },
  { line: ['create', 'b'], expected: ['backupconfiguration', ':4'] },
  { line: ['operator', ''], expected: [':4'] },
  { line: ['completion', ''], expected: ['bash', 'zsh', 'fish', 'powershell', ':4'] },
  { line: ['snapshot', 'd'], expected: ['deploy/', 'ds/', ':6'] },
  { line: ['snapshot', '-n', 'prod', 'deploy/sh'], expected: ['deploy/shop', 'deploy/shop-db', ':4'] },
  {
    line: ['-n', 'prod', 'snapshot', 'deploy/shop', 'deploy/'],
    expected: ['deploy/mail', 'deploy/shop-db', ':4'],
  },
  { line: ['snapshot', '-n=prod', 'deployment', 'm'], expected: ['mail', ':4'] },
  { line: ['snapshot', 'pod/'], expected: [':4'] },
  { line: ['trigger', '-n', 'prod', ''], expected: ['nightly', 'weekly', ':4'] },
  { line: ['trigger', '-n', 'prod', 'nightly', ''], expected: [':4'] },
  { line: ['pause', '-n', 'prod', 'nightly', ''], expected: ['weekly', ':4'] },
  { line: ['snapshot', '--exec'], expected: ['--executor', ':4'] },
  { line: ['snapshot', '--executor=l'], expected: ['--executor=local', ':4'] },
  { line: ['snapshot', '--executor', 'l'], expected: ['local', ':4'] },
  { line: ['snapshot', '-o', 'y'], expected: ['yaml', ':4'] },
  { line: ['snapshot', '-o', 'jsonp'], expected: ['jsonpath=', ':6'] },
  { line: ['snapshot', '--snapshot-class', ''], expected: ['sandbox', ':4'] },
  { line: ['list', 'sch'], expected: ['schedules', ':4'] },
  { line: ['list', '-n', 'pr'], expected: ['prod', ':4'] },
  { line: ['list', '--namespace=pr'], expected: ['--namespace=prod', ':4'] },
  { line: ['restore', 'deploy/x', '--from', ''], expected: ['latest', ':4'] },
  { line: ['list', '--kubeconfig', ''], expected: [':0'] },
  { line: ['list', '--kubeconfig=x'], expected: [':0'] },
  { line: ['restore', '-f', ''], expected: [':0'] },
  { line: ['snapshot', '--timeout', ''], expected: [':4'] },
  { line: ['no-such', ''], expected: [':4'] },
  { line: ['snapshot', '--no-such', ''], expected: ['deploy/', 'sts/', 'ds/', 'rs/', 'rc/', 'pvc/', ':6'] },
];

for (const { line, expected } of rows) {
  test(`completes: ${line.join(' ') || 'nothing'}|`, async () => {
    assert.deepEqual(await complete(...line), expected);
  });
}

test('every command that is not hidden is proposed, each first word once', async () => {
  const words = await complete('');
  assert.equal(new Set(words).size, words.length);
  assert(['snapshot', 'create', 'help', 'options'].every((word) => words.includes(word)));
  assert(!words.includes('operator'));
});

test('it prints no error if it cannot reach the cluster', async () => {
  const ran = await world.run(['__complete', '--kubeconfig', '/no/such/file', 'trigger', '']);
  assert.deepEqual(ran, { code: 0, out: ':4\n', err: '' });
});

test('a class and a session are objects of the server', async () => {
  assert.equal((await world.cluster.list(volumeSnapshotClasses)).items.length > 0, true);
  assert.deepEqual(await complete('wait', '-n', 'prod', ''), [':4']);
  await world.create([
    backupSessions,
    {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'BackupSession',
      metadata: { name: 'nightly-1', namespace: 'prod' },
      spec: { invoker: { kind: 'BackupConfiguration', name: 'nightly' } },
    } as never,
  ]);
  assert.deepEqual(await complete('wait', '-n', 'prod', ''), ['nightly-1', ':4']);
});

test('completion of an unknown shell names the shells that it knows', async () => {
  const { code, err } = await world.run('completion tcsh');
  assert.equal(code, 2);
  assert.match(err, /^error: no completion for "tcsh"; there is one for bash, zsh, fish, powershell\n/);
});

for (const shell of Object.keys(completionScripts)) {
  test(`completion ${shell} prints its script`, async () => {
    const { code, out } = await world.run(['completion', shell]);
    assert.deepEqual([code, out], [0, completionScripts[shell]]);
  });
}
