import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type https from 'node:https';
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TLSSocket } from 'node:tls';

import { pods } from '#src/api/resources.ts';
import { connect, type ConnectOptions } from '#src/cluster/connect.ts';
import type { ConnectionFlags } from '#src/cluster/connection.ts';

import { fastClock, quick, rejection } from './adapter.ts';
import { selfSigned, type Certificate } from './certificate.ts';
import { serve, type Asked, type Served } from './serve.ts';

const directory = await mkdtemp(join(tmpdir(), 'connect-'));
after(() => rm(directory, { recursive: true }));

const good = selfSigned();
const client = selfSigned({ name: 'jane' });
const goodFile = await file('good.crt', good.cert);

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

async function secureServer(
  certificate: Certificate = good,
  options: https.ServerOptions = {},
): Promise<Served> {
  return serve(() => ({ body: { metadata: { name: 'a' } } }), { ...certificate, ...options });
}

interface World {
  readonly cluster?: object;
  readonly user?: object;
  readonly flags?: ConnectionFlags;
  readonly env?: Record<string, string>;
}

let configs = 0;
async function reach(
  url: string,
  { cluster = {}, user = {}, flags = {}, env = {} }: World = {},
  further: Partial<ConnectOptions> = {},
) {
  const kubeconfig = await file(
    `config-${++configs}`,
    JSON.stringify({
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': 'good.crt', ...cluster } }],
      users: [{ name: 'jane', user }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'jane' } }],
    }),
  );
  const options = {
    ...{ clock: fastClock(), version: '1.2.3', limits: { ...quick, retries: 0 } },
    ...further,
  };
  return connect({ kubeconfig, ...flags }, env, options);
}

async function asked(server: Served, world?: World): Promise<Asked> {
  const { cluster } = await reach(server.url, world);
  await cluster.get(pods, 'a', 'demo');
  cluster.close();
  const last = server.asked.at(-1);
  assert.ok(last);
  return last;
}

async function refused(url: string, world?: World) {
  const { cluster } = await reach(url, world);
  return rejection(cluster.get(pods, 'a', 'demo'));
}

const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'IfAvailable' };

/** Creates a credential plugin that records each run. */
async function plugin(name: string, body: string): Promise<object> {
  const script = await file(`${name}.mjs`, `import { appendFileSync } from 'node:fs';\n${body}`);
  return {
    exec: { ...exec, command: process.execPath, args: [script] },
  };
}

test('the first request is sent with the first call, with the credentials of the chosen user', async () => {
  await using server = await secureServer();
  const connection = await reach(server.url, { user: { token: 'T' } });
  assert.equal(server.connections(), 0);
  assert.deepEqual([connection.namespace, connection.user], ['default', 'jane']);
  const { headers } = await asked(server, { user: { token: 'T' } });
  assert.deepEqual([headers.authorization, headers['user-agent']], ['Bearer T', 'kubectl-stash/1.2.3']);
});

test('every kind of credentials reaches the server', async () => {
  await using server = await secureServer();
  await file('token', 'from a file\n');
  const users: [user: object, flags: ConnectionFlags, authorization: string | undefined][] = [
    [{}, {}, undefined],
    [{ token: 'T' }, { token: 'flag' }, 'Bearer flag'],
    [{ tokenFile: 'token' }, {}, 'Bearer from a file'],
    [{ username: 'u', password: 'p' }, {}, `Basic ${Buffer.from('u:p').toString('base64')}`],
  ];
  for (const [user, flags, authorization] of users) {
    assert.equal((await asked(server, { user, flags })).headers.authorization, authorization);
  }
});

test('impersonation', async () => {
  await using server = await secureServer();
  const { rawHeaders } = await asked(server, {
    flags: { as: 'boss', asGroup: ['a', 'b'], asUid: '7' },
  });
  const pairs = rawHeaders.flatMap((name, n) =>
    name.startsWith('Impersonate') ? [`${name}: ${rawHeaders[n + 1] ?? ''}`] : [],
  );
  assert.deepEqual(pairs.sort(), [
    'Impersonate-Group: a',
    'Impersonate-Group: b',
    'Impersonate-Uid: 7',
    'Impersonate-User: boss',
  ]);
});

test('a client certificate reaches the server, and an unusable one is an error', async () => {
  await using server = await secureServer(good, { requestCert: true, rejectUnauthorized: false });
  let subject: string | undefined;
  server.server.on('request', ({ socket }) => {
    if (socket instanceof TLSSocket) subject = String(socket.getPeerCertificate().subject.CN);
  });
  const flags = {
    clientCertificate: await file('jane.crt', client.cert),
    clientKey: await file('jane.key', client.key),
  };
  await asked(server, { flags });
  assert.equal(subject, 'jane');
  const mixed = await refused(server.url, {
    flags: { ...flags, clientKey: await file('other.key', good.key) },
  });
  assert.deepEqual(
    [mixed.kind, mixed.message],
    ['precondition', 'the certificate or key in the kubeconfig is not valid PEM, or they do not match'],
  );
  const missing = await refused(server.url, { flags: { ...flags, clientKey: '/no/such/key' } });
  assert.equal(missing.message, 'the kubeconfig names a file that does not exist: /no/such/key');
});

test('a credential plugin runs once for concurrent requests, and gets the exec info', async () => {
  await using server = await secureServer();
  const log = join(directory, 'runs');
  const user = await plugin(
    'login',
    `appendFileSync(${JSON.stringify(log)}, process.env.KUBERNETES_EXEC_INFO + '\\n');
     console.log(JSON.stringify({ ...JSON.parse(process.env.KUBERNETES_EXEC_INFO), status: { token: 'plugged' } }));`,
  );
  const { cluster } = await reach(server.url, { user });
  await Promise.all(Array.from({ length: 10 }, () => cluster.get(pods, 'a', 'demo')));
  assert.ok(server.asked.every(({ headers }) => headers.authorization === 'Bearer plugged'));
  const runs = (await readFile(log, 'utf8')).trim().split('\n');
  assert.equal(runs.length, 1);
  assert.equal(
    (JSON.parse(runs[0] ?? '') as { apiVersion: string }).apiVersion,
    'client.authentication.k8s.io/v1',
  );
  cluster.close();
});

for (const end of ['an interrupt', '--request-timeout']) {
  test(`a credential plugin that does not end: the user is told after 5 s, and ${end} ends the wait`, async () => {
    // The plugin's connection shows how long the plugin lives.
    const lives = createServer().listen(0, '127.0.0.1');
    await once(lives, 'listening');
    const { port } = lives.address() as AddressInfo;
    const user = await plugin(
      'hang',
      `import { connect } from 'node:net'; connect(${port}, '127.0.0.1').on('close', () => process.exit());`,
    );
    const interrupted = new AbortController();
    const told = Promise.withResolvers<string>();
    const flags = end === 'an interrupt' ? {} : { requestTimeout: 2_000 };
    const options = { signal: interrupted.signal, warn: told.resolve };
    const { cluster } = await reach('https://127.0.0.1:1', { user, flags }, options);
    const reading = rejection(cluster.get(pods, 'a', 'demo'));
    const [plugged] = (await once(lives, 'connection')) as [Socket];
    plugged.resume();
    assert.match(await told.promise, /^still waiting for the credential plugin ".*" of user "jane"$/);
    if (end === 'an interrupt') interrupted.abort();
    const { kind, message, hint } = await reading;
    assert.deepEqual(
      [kind, message, hint],
      end === 'an interrupt'
        ? ['interrupted', 'interrupted while waiting for server https://127.0.0.1:1', undefined]
        : [
            'unauthorized',
            'cannot get credentials for user "jane" within 2 s',
            'increase it with --request-timeout',
          ],
    );
    const ended = once(plugged, 'close');
    cluster.close();
    await ended;
    lives.close();
  });
}

test('a credential plugin fails, prints garbage, or is missing', async () => {
  const url = 'https://127.0.0.1:1';
  const failing = await refused(url, {
    user: await plugin('fail', `process.exit(1)`),
  });
  assert.equal(failing.kind, 'unauthorized');
  assert.match(failing.message, /^credential plugin ".*" of user "jane" failed: exit code 1$/);
  const rubbish = await refused(url, { user: await plugin('rubbish', `console.log('token SECRET')`) });
  assert.match(rubbish.message, /failed: it printed no ExecCredential$/);
  assert.doesNotMatch(JSON.stringify(rubbish), /SECRET/);
  const missing = await refused(url, {
    user: { exec: { ...exec, command: 'no-such-plugin', installHint: 'get it\nthere' } },
  });
  assert.deepEqual(
    [missing.message, missing.hint],
    ['credential plugin "no-such-plugin" of user "jane" is not installed', 'get it\nthere'],
  );
});

test('a kubeconfig that the system cannot read is refused in the words of the system', async () => {
  const path = join(await file('plain', ''), 'config');
  const options = { clock: fastClock(), version: '1.2.3' };
  const { message } = await rejection(connect({ kubeconfig: path }, {}, options));
  assert.equal(message, `cannot read the kubeconfig ${path}: not a directory`);
});

test('no secret is sent over plain HTTP', async () => {
  await using server = await serve(() => ({ body: { metadata: {} } }));
  assert.equal((await asked(server, { user: { token: 'T' } })).headers.authorization, undefined);
});

test('which certificates it trusts', async () => {
  await using server = await secureServer();
  await asked(server, { flags: { certificateAuthority: goodFile } });
  await asked(server, {
    cluster: { 'certificate-authority': undefined },
    flags: { insecureSkipTlsVerify: true },
  });
  await asked(server, {
    cluster: { 'certificate-authority-data': Buffer.from(good.cert).toString('base64') },
  });
  const unknown = await refused(server.url, { cluster: { 'certificate-authority': undefined } });
  assert.equal(
    unknown.message,
    `cannot trust server ${server.url}: the certificate is signed by an unknown authority`,
  );
  assert.match(unknown.hint ?? '', /--certificate-authority/);
});

test('an expired certificate, and one for another name', async () => {
  const over = selfSigned({ days: -1 });
  await using expired = await secureServer(over);
  const error = await refused(expired.url, {
    flags: { certificateAuthority: await file('over.crt', over.cert) },
  });
  assert.equal(error.message, `cannot trust server ${expired.url}: the certificate has expired`);
  assert.match(error.hint ?? '', /clock/);
  const foreign = selfSigned({ host: 'api.example' });
  await using named = await secureServer(foreign);
  const flags = { certificateAuthority: await file('foreign.crt', foreign.cert) };
  const other = await refused(named.url, { flags });
  assert.equal(other.message, `cannot trust server ${named.url}: the certificate is for another name`);
  await asked(named, { flags: { ...flags, tlsServerName: 'api.example' } });
});

test('http spoken to https, and https to http', async () => {
  await using secure = await secureServer();
  await using plain = await serve(() => ({}));
  const toPlain = await refused(`https://127.0.0.1:${plain.port}`);
  assert.equal(toPlain.message, `unreachable server https://127.0.0.1:${plain.port}: TLS handshake failed`);
  assert.match(toPlain.hint ?? '', /^http instead of https\?/);
  const toSecure = await refused(`http://127.0.0.1:${secure.port}`);
  assert.equal(toSecure.kind, 'unreachable');
});

test('proxy-url is used', async () => {
  await using server = await secureServer();
  const tunnels: (string | undefined)[] = [];
  const proxy = http.createServer().on('connect', (request, socket) => {
    tunnels.push(request.url);
    const [host = '', port] = (request.url ?? '').split(':');
    const onward = dial(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await asked(server, { cluster: { 'proxy-url': proxyUrl } });
  assert.deepEqual(tunnels, [`127.0.0.1:${server.port}`]);
  proxy.close();
});

test('a rotated token file is read again within the request that the old token fails', async () => {
  const tokenFile = await file('rotating-token', 'old');
  let valid = 'old';
  await using server = await serve(
    ({ headers }) =>
      headers.authorization === `Bearer ${valid}`
        ? { body: { metadata: { name: 'a' } } }
        : { code: 401, body: { kind: 'Status', code: 401, reason: 'Unauthorized' } },
    good,
  );
  const { cluster } = await reach(server.url, { user: { tokenFile } });
  await cluster.get(pods, 'a', 'demo');
  valid = 'new';
  await writeFile(tokenFile, 'new');
  await cluster.get(pods, 'a', 'demo');
  assert.deepEqual(
    server.asked.map(({ headers }) => headers.authorization),
    ['Bearer old', 'Bearer old', 'Bearer new'],
  );
  // If the server rejects every token, the client tries twice and gives up.
  valid = 'another';
  assert.equal((await rejection(cluster.get(pods, 'a', 'demo'))).kind, 'unauthorized');
  assert.equal(server.asked.length, 5);
  cluster.close();
});

test('whether a request was answered is told, and to which server it went', async () => {
  const told: (string | boolean)[] = [];
  const watchRequests = (server: string) => () => {
    told.push(server);
    return (answered: boolean) => void told.push(answered);
  };
  await using served = await serve((_, n) =>
    n === 1 ? { body: { metadata: { name: 'a' } } } : { cut: true },
  );
  const { cluster } = await connect(
    { kubeconfig: await file('watched', '{}'), server: served.url },
    {},
    { clock: fastClock(), version: '1.2.3', limits: { ...quick, retries: 0 }, watchRequests },
  );
  await cluster.get(pods, 'a', 'demo');
  assert.deepEqual(told, [served.url, true]);
  await rejection(cluster.get(pods, 'a', 'demo'));
  assert.deepEqual(told, [served.url, true, served.url, false]);
  cluster.close();
});
