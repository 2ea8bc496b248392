import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';

import { deployments, pods } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';
import { idle, messageOf } from './requests.ts';

const api = await openApi();
const { cluster } = api.server;
const { namespace } = api;

const script = 'echo one; echo two; echo three; exec sleep 3000';
const container = { name: 'c', image: 'busybox', command: ['/bin/sh', '-c'], args: [script] };
const podSpec = { terminationGracePeriodSeconds: 1, containers: [container] };
await api.send('POST', api.at(`${deployments.group}/v1`, deployments.plural), {
  metadata: { name: 'talker' },
  spec: idle({ replicas: 1 }, podSpec),
});
const [running] = await until(cluster, pods, { namespace }, (items) =>
  items.some(({ status }) => status?.phase === 'Running'),
);
const pod = running?.metadata.name ?? '';

async function exec(script: string, stdin?: string) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, err] = [buffer(stdout), buffer(stderr)];
  const code = await cluster.exec({
    namespace,
    pod,
    command: ['sh', '-c', script],
    stdout,
    stderr,
    ...(stdin !== undefined && { stdin: Readable.from([stdin]) }),
  });
  stdout.end();
  stderr.end();
  return { code, stdout: (await out).toString(), stderr: (await err).toString() };
}

test('exec: the exit code, separate output streams, and stdin up to its end', async () => {
  assert.deepEqual(await exec('echo out; echo err >&2; exit 3'), {
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  assert.deepEqual(await exec('cat', 'fed'), { code: 0, stdout: 'fed', stderr: '' });
  const { stdout } = await exec('head -c 300000 /dev/zero');
  assert.equal(stdout.length, 300_000);
});

test('exec in a missing pod', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  await assert.rejects(cluster.exec({ namespace, pod: 'none', command: ['true'], stdout, stderr }), {
    reason: 'NotFound',
  });
});

test('logs: the whole log, the last lines, and the choice of a container', async () => {
  const path = api.at('v1', 'pods', pod, 'log');
  const all = await api.send('GET', path);
  assert.deepEqual(
    [all.code, all.headers['content-type'], all.body],
    [200, 'text/plain', 'one\ntwo\nthree\n'],
  );
  const last = await api.send('GET', `${path}?tailLines=1&container=c`);
  assert.equal(last.body, 'three\n');
  const other = await api.send('GET', `${path}?container=other`);
  assert.deepEqual([other.code, messageOf(other)], [400, `container other is not valid for pod ${pod}`]);
});
