import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { containerCommand, containerEnvironment, execCommand } from '#src/sandbox/node/command-line.ts';
import { withFields } from '#src/sandbox/node/downward.ts';
import { rewritePaths, type Mount } from '#src/sandbox/node/rewrite.ts';

const mounts: Mount[] = [
  { mountPath: '/data', directory: '/v/1' },
  { mountPath: '/data/logs/', directory: '/v/2' },
  { mountPath: '/source/data', directory: '/v/3' },
  { mountPath: '/a+b.c', directory: '/v/$&' },
];

test('mount paths in scripts are rewritten', () => {
  const rows: [string, string][] = [
    [
      'echo sample_data > /source/data/data.txt && sleep 3000',
      'echo sample_data > /v/3/data.txt && sleep 3000',
    ],
    ['/data', '/v/1'],
    ['/data/', '/v/1/'],
    ['ls /data/x /data/logs/y /data/logs2', 'ls /v/1/x /v/2/y /v/1/logs2'],
    ['cat "/data/x" \'/data/y\' `/data/run`', 'cat "/v/1/x" \'/v/1/y\' `/v/1/run`'],
    ['x=/data;y=$(ls /data)|cat</data&&(/data/run)', 'x=/v/1;y=$(ls /v/1)|cat</v/1&&(/v/1/run)'],
    ['PATH=/bin:/data:/data/logs', 'PATH=/bin:/v/1:/v/2'],
    ['echo hi >/data/out 2>>/data/err', 'echo hi >/v/1/out 2>>/v/1/err'],
    ['tar -C/data -xf -', 'tar -C/v/1 -xf -'],
    ['--dir=/data', '--dir=/v/1'],
    ['printf "/data\\n"', 'printf "/v/1\\n"'],
    ['cp {/data,/tmp}/x .', 'cp {/v/1,/tmp}/x .'],
    ['line\n/data/x\nline', 'line\n/v/1/x\nline'],
    ['/a+b.c/x', '/v/$&/x'],
    ['/database /data2 /data-old /data.txt /data_x', '/database /data2 /data-old /data.txt /data_x'],
    [
      '/var/data $ROOT/data ${ROOT}/data ./data ~/data //data',
      '/var/data $ROOT/data ${ROOT}/data ./data ~/data //data',
    ],
    ['https://host/data', 'https://host/data'],
    ['', ''],
  ];
  for (const [script, expected] of rows) assert.equal(rewritePaths(script, mounts), expected, script);
  assert.equal(
    rewritePaths('/data /', [{ mountPath: '/', directory: '/v' }]),
    '/data /',
    'the root is left alone',
  );
  assert.equal(rewritePaths('/data', []), '/data');
});

const segment = fc.stringMatching(/^[a-z0-9._-]{1,5}$/);
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join('/')}`);

test('a path in a mount becomes the same path in its directory, anywhere in a script', () => {
  fc.assert(
    fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 4 }), path, fc.nat(), (paths, rest, pick) => {
      const all = paths.map((mountPath, index) => ({ mountPath, directory: `/%/${index}` }));
      const mount = all[pick % all.length];
      assert.ok(mount);
      const inside = `${mount.mountPath}${rest}`;
      const deepest = all
        .filter(({ mountPath }) => `${inside}/`.startsWith(`${mountPath}/`))
        .reduce((a, b) => (b.mountPath.length > a.mountPath.length ? b : a));
      const expected = deepest.directory + inside.slice(deepest.mountPath.length);
      for (const [left, right] of [
        ['', ''],
        ['cat ', ' | wc'],
        ['"', '"'],
        ['x=', ';'],
      ]) {
        assert.equal(rewritePaths(`${left}${inside}${right}`, all), `${left}${expected}${right}`);
      }
    }),
  );
});

test('text without a mount path stays the same, and rewriting is idempotent', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(path), (text, paths) => {
      const all = paths.map((mountPath, index) => ({ mountPath, directory: `/%/${index}` }));
      const once = rewritePaths(text, all);
      assert.equal(rewritePaths(once, all), once);
      if (!paths.some((mountPath) => text.includes(mountPath))) assert.equal(once, text);
    }),
  );
});

test('which command a container runs on this machine', () => {
  const rows: [{ command?: string[]; args?: string[] }, string[] | undefined][] = [
    [{ command: ['/bin/sh'], args: ['-c', 'ls /data'] }, ['/bin/sh', '-c', 'ls /v/1']],
    [{ command: ['sh', '-c', 'echo $0', '/data'] }, ['/bin/sh', '-c', 'echo $0', '/v/1']],
    [{ args: ['sh', '-c', 'true'] }, ['/bin/sh', '-c', 'true']],
    [{ command: ['/bin/ash', '-c', 'true'] }, ['/bin/sh', '-c', 'true']],
    [{ command: ['/usr/bin/bash', '-c', 'true'] }, ['bash', '-c', 'true']],
    [
      { command: ['sh', '-c', 'echo $(WHO) $$(WHO) $(NOBODY) $(date) $$'] },
      ['/bin/sh', '-c', 'echo me $(WHO) $(NOBODY) $(date) $'],
    ],
    [{ command: ['sleep', '3600'] }, undefined],
    [{ command: ['/opt/sh/start'] }, undefined],
    [{}, undefined],
  ];
  const env = [{ name: 'WHO', value: 'me' }];
  for (const [container, expected] of rows) {
    assert.deepEqual(
      containerCommand({ name: 'c', env, ...container }, mounts),
      expected,
      JSON.stringify(container),
    );
  }
  assert.deepEqual(execCommand(['cat', '/data/x'], mounts), ['cat', '/v/1/x']);
  assert.deepEqual(execCommand(['/bin/bash', '-c', 'ls /data'], mounts), ['bash', '-c', 'ls /v/1']);
  assert.deepEqual(execCommand(['/data/run'], mounts), ['/v/1/run']);
});

test('the environment contains the variables of the container, and none of this process', () => {
  const env = [{ name: 'DIR', value: '/data/x' }, { name: 'HOME', value: '/root' }, { name: 'EMPTY' }];
  const machine = { home: '/pods/1/home', hostname: 'web-0', path: '/bin' };
  assert.deepEqual(containerEnvironment({ name: 'c', env }, mounts, machine), {
    PATH: '/bin',
    HOME: '/root',
    HOSTNAME: 'web-0',
    DIR: '/v/1/x',
    EMPTY: '',
  });
});

test('downward API variables', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-0',
      namespace: 'demo',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'a.b/c': 'd' },
    },
    spec: { containers: [], nodeName: 'n' },
  };
  const rows = {
    'metadata.name': 'web-0',
    'metadata.namespace': 'demo',
    "metadata.labels['a.b/c']": 'd',
    "metadata.annotations['none']": '',
    'spec.nodeName': 'n',
    'status.podIP': '127.0.0.1',
    'status.unheardOf': '',
  };
  for (const [fieldPath, value] of Object.entries(rows)) {
    const env = [
      { name: 'PLAIN', value: 'x' },
      { name: 'FIELD', valueFrom: { fieldRef: { fieldPath } } },
    ];
    assert.deepEqual(withFields({ name: 'c', env }, pod).env, [
      { name: 'PLAIN', value: 'x' },
      { name: 'FIELD', value },
    ]);
  }
  assert.deepEqual(withFields({ name: 'c' }, pod), { name: 'c' });
});
