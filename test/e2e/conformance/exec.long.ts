/** The wire format of an exec: the messages of each subprotocol, and the answer to a refused upgrade. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { WebSocket } from 'ws';

import { pods } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { credentialsOf, openApi } from './open-api.ts';

const api = await openApi();
const { server, namespace } = api;
const { url, tls, headers } = await credentialsOf(server.kubeconfig);

interface Exchange {
  /** Channel and text of each message, in order, without empty messages. */
  readonly messages: readonly (readonly [channel: number, text: string])[];
  /** Channels of the empty messages. */
  readonly announced: readonly number[];
  readonly protocol: string;
}

interface Refusal {
  readonly code: number;
  readonly body: string;
}

function open(pod: string, protocols: string[], command: string[], more: Record<string, string> = {}) {
  const path = new URL(api.at('v1', 'pods', pod, 'exec'), url);
  path.protocol = 'wss:';
  for (const word of command) path.searchParams.append('command', word);
  const streams = { stdout: 'true', stderr: 'true', ...more };
  for (const [name, value] of Object.entries(streams)) path.searchParams.set(name, value);
  return new WebSocket(path, protocols, { ...tls, headers: headers as Record<string, string> });
}

function exchange(...asked: Parameters<typeof open>): Promise<Exchange | Refusal> {
  return new Promise((resolve, reject) => {
    const socket = open(...asked);
    const messages: (readonly [number, string])[] = [];
    const announced: number[] = [];
    socket.on('message', (data: Buffer) => {
      const [channel = -1] = data;
      if (data.length === 1) announced.push(channel);
      else messages.push([channel, data.subarray(1).toString()]);
    });
    socket.on('close', () => {
      resolve({ messages, announced, protocol: socket.protocol });
    });
    socket.on('unexpected-response', (_request, answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('end', () => {
        resolve({ code: answer.statusCode ?? 0, body });
        socket.terminate();
      });
    });
    socket.on('error', reject);
  });
}

async function ran(...asked: Parameters<typeof open>): Promise<Exchange> {
  const result = await exchange(...asked);
  if ('code' in result) assert.fail(`the server refused ${asked[1].join()}: ${result.code} ${result.body}`);
  return result;
}

async function refused(...asked: Parameters<typeof open>): Promise<Refusal> {
  const result = await exchange(...asked);
  return 'code' in result ? result : assert.fail(`was not refused: ${JSON.stringify(result)}`);
}

/** Returns the message on channel 3, which must be the last one and the only one on it. */
function endOf({ messages }: Exchange): Record<string, unknown> {
  const ends = messages.filter(([channel]) => channel === 3);
  assert.equal(ends.length, 1, JSON.stringify(messages));
  assert.equal(messages.at(-1)?.[0], 3, JSON.stringify(messages));
  return JSON.parse(ends[0]?.[1] ?? '') as Record<string, unknown>;
}

async function pod(name: string, spec: object, metadata: object = {}): Promise<void> {
  const made = await api.send('POST', api.at('v1', 'pods'), {
    metadata: { name, ...metadata },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  });
  assert.equal(made.code, 201, JSON.stringify(made.body));
}

const shell = (name: string, script: string) => ({
  name,
  image: 'busybox',
  command: ['sh', '-c', script],
});
const sleeping = (name: string) => shell(name, 'exec sleep 3000');
await pod('one', { containers: [sleeping('c')] });
await pod('two', { containers: [sleeping('a'), shell('b', 'exit 0')], restartPolicy: 'Never' });
await until(server.cluster, pods, { namespace }, (items) => {
  const statuses = items.flatMap(({ status }) => status?.containerStatuses ?? []);
  const running = statuses.filter(({ state }) => state?.running).map(({ name }) => name);
  const ended = statuses.filter(({ state }) => state?.terminated).map(({ name }) => name);
  return running.sort().join() === 'a,c' && ended.join() === 'b';
});

const v5 = 'v5.channel.k8s.io';
const v4 = 'v4.channel.k8s.io';

await suite('exec', { concurrency: 4 }, () => {
  for (const protocol of [v5, v4]) {
    test(`${protocol}: the end of a command has no kind`, async () => {
      const done = await ran('one', [protocol], ['sh', '-c', 'echo out; echo err >&2']);
      assert.equal(done.protocol, protocol);
      assert.deepEqual(
        done.messages.filter(([channel]) => channel !== 3).sort(([a], [b]) => a - b),
        [
          [1, 'out\n'],
          [2, 'err\n'],
        ],
      );
      assert.deepEqual(
        endOf(done),
        protocol === v5 ? { metadata: {}, status: 'Success' } : { status: 'Success' },
      );
      assert.ok(
        done.announced.includes(1),
        'an empty message on the first output channel announces the connection',
      );
    });

    test(`${protocol}: an exit code is the cause of a failure`, async () => {
      const { message, ...end } = endOf(await ran('one', [protocol], ['sh', '-c', 'exit 3']));
      assert.deepEqual(end, {
        ...(protocol === v5 && { metadata: {} }),
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '3' }] },
      });
      assert.match(String(message), /^command terminated with non-zero exit code: .*exit code 3$/);
    });

    test(`${protocol}: a command that cannot be started`, async () => {
      const { message, details, ...end } = endOf(await ran('one', [protocol], ['no-such-program']));
      assert.deepEqual(end, {
        ...(protocol === v5 && { metadata: {} }),
        status: 'Failure',
        reason: 'InternalError',
        code: 500,
      });
      const why =
        /^Internal error occurred: .*error executing command in container: .*unable to start container process: .*"no-such-program": executable file not found in \$PATH/;
      assert.match(String(message), why);
      assert.equal(details !== undefined, protocol === v5);
    });
  }

  test('of two protocols the later version is chosen', async () => {
    assert.equal((await ran('one', [v4, v5], ['true'])).protocol, v5);
  });

  test('unrequested streams are not sent', async () => {
    const done = await ran('one', [v5], ['sh', '-c', 'echo out; echo err >&2'], { stderr: 'false' });
    assert.deepEqual(done.messages.slice(0, -1), [[1, 'out\n']]);
  });

  test('the container must be named if there are several, and must exist', async () => {
    const unnamed = await refused('two', [v5], ['true']);
    assert.equal(unnamed.code, 400);
    assert.match(unnamed.body, /a container name must be specified for pod two, choose one of: \[a b\]/);
    const foreign = await refused('two', [v5], ['true'], { container: 'x' });
    assert.equal(foreign.code, 400);
    assert.match(foreign.body, /container x is not valid for pod two/);
    assert.deepEqual(endOf(await ran('two', [v5], ['true'], { container: 'a' }))['status'], 'Success');
  });

  test('a container that is not running is not found, in the words of the kubelet', async () => {
    for (const protocol of [v5, v4]) {
      assert.deepEqual(await refused('two', [protocol], ['true'], { container: 'b' }), {
        code: 500,
        body: 'container not found ("b")',
      });
    }
  });

  test('a missing pod, and an unscheduled one', async () => {
    const missing = await refused('none', [v5], ['true']);
    assert.equal(missing.code, 404);
    assert.match(missing.body, /pods \\"none\\" not found/);
    await pod('apart', { containers: [sleeping('c')], nodeSelector: { 'stash-test': 'nowhere' } });
    const unplaced = await refused('apart', [v5], ['true']);
    assert.equal(unplaced.code, 400);
    assert.match(unplaced.body, /pod apart does not have a host assigned/);
  });
});
