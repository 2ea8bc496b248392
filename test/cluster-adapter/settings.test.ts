import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ConnectionFlags } from '#src/cluster/connection.ts';
import { findKubeconfig, type Environment } from '#src/cluster/find-kubeconfig.ts';
import { proxyFor } from '#src/cluster/proxy.ts';
import { resolveSettings, type Settings } from '#src/cluster/settings.ts';

import { rejection } from './adapter.ts';

const files: Readonly<Record<string, string>> = {
  '/home/.kube/config': `
current-context: dev
clusters:
- {name: dev, cluster: {server: "https://dev:6443/", certificate-authority: ca.crt, tls-server-name: api}}
- {name: both, cluster: {server: "https://both", certificate-authority: ca.crt, certificate-authority-data: QQ==}}
users:
- {name: jane, user: {client-certificate: jane.crt, client-key: /keys/jane.key, tokenFile: token}}
- {name: cloud, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, interactiveMode: Never}}}
- {name: root, user: {token: t, as: boss, as-groups: [g], as-uid: "1", as-user-extra: {a/b: [c]}}}
contexts:
- {name: dev, context: {cluster: dev, user: jane, namespace: team}}
- {name: broken, context: {cluster: gone, user: jane}}
- {name: empty, context: {cluster: dev, user: jane, namespace: ""}}
- {name: root, context: {cluster: dev, user: root}}
`,
  '/one': `
clusters: [{name: a, cluster: {server: "https://one"}}]
contexts: [{name: a, context: {cluster: a, user: u}}]`,
  '/two': `
current-context: a
clusters: [{name: a, cluster: {server: "https://two"}}, {name: b, cluster: {server: "https://b"}}]
users: [{name: u, user: {token: two}}]
contexts: [{name: b, context: {cluster: b}}]`,
  '/three': 'current-context: b',
  '/empty': '',
  '/list': '- a',
  '/bad': 'users:\n- {name: x, user: {token: SECRET}\n  ]]]',
  '/var/run/secrets/kubernetes.io/serviceaccount/token': 't',
  '/var/run/secrets/kubernetes.io/serviceaccount/namespace': 'operators\n',
};

async function settings(flags: ConnectionFlags, env: Environment = { HOME: '/home' }): Promise<Settings> {
  const read = (path: string) =>
    path === '/locked'
      ? Promise.reject(Object.assign(new Error(), { code: 'EACCES' }))
      : Promise.resolve(files[path]);
  return resolveSettings(flags, await findKubeconfig(flags, env, read));
}

test('the current context of ~/.kube/config, with paths made absolute', async () => {
  const found = await settings({});
  assert.deepEqual(
    [found.server, found.namespace, found.user, found.clusterEntry, found.userEntry],
    [
      'https://dev:6443',
      'team',
      'jane',
      {
        server: 'https://dev:6443/',
        'certificate-authority': '/home/.kube/ca.crt',
        'tls-server-name': 'api',
      },
      {
        'client-certificate': '/home/.kube/jane.crt',
        'client-key': '/keys/jane.key',
        tokenFile: '/home/.kube/token',
      },
    ],
  );
  assert.equal((await settings({ user: 'cloud' })).userEntry.exec?.command, '/home/.kube/bin/login');
  assert.equal((await settings({ cluster: 'both' })).clusterEntry['certificate-authority'], undefined);
});

test('$KUBECONFIG: in a list, the first file that sets a value wins, and missing files are ignored', async () => {
  const env = { KUBECONFIG: '/none:/one:/two:/three', HOME: '/home' };
  const found = await settings({}, env);
  assert.deepEqual([found.server, found.userEntry.token, found.namespace], ['https://one', 'two', 'default']);
  const other = await settings({ context: 'b' }, env);
  assert.deepEqual([other.server, other.user], ['https://b', 'anonymous']);
  assert.equal((await settings({ kubeconfig: '/two', context: 'b' }, env)).server, 'https://b');
});

test('the service account of the pod that the program runs in', async () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
  const found = await settings({}, env);
  assert.deepEqual([found.server, found.namespace], ['https://[fd00::1]:6443', 'operators']);
  assert.match(found.userEntry.tokenFile ?? '', /serviceaccount\/token$/);
});

const effects: [flags: ConnectionFlags, sees: (found: Settings) => unknown, expected: unknown][] = [
  [{ namespace: 'x' }, (found) => found.namespace, 'x'],
  [
    { context: 'root' },
    (found) => [found.namespace, found.user, found.userName],
    ['default', 'boss', 'root'],
  ],
  [{ context: 'empty' }, (found) => found.namespace, 'default'],
  [{ user: 'root' }, (found) => found.user, 'boss'],
  [{ cluster: 'both' }, (found) => found.server, 'https://both'],
  [
    { server: 'other:1' },
    (found) => [found.server, found.clusterEntry['tls-server-name']],
    ['https://other:1', undefined],
  ],
  [{ server: 'other', tlsServerName: 'n' }, (found) => found.clusterEntry['tls-server-name'], 'n'],
  [{ token: 'T' }, (found) => [found.userEntry.token, found.userEntry.tokenFile], ['T', undefined]],
  [{ user: 'cloud', token: 'T' }, (found) => found.userEntry.exec, undefined],
  [{ as: 'me' }, (found) => [found.user, found.userEntry.as, found.headers], ['me', 'me', {}]],
  [
    { as: 'me', asGroup: ['a', 'b'], asUid: '7' },
    (found) => found.headers,
    { 'Impersonate-Group': ['a', 'b'], 'Impersonate-Uid': '7' },
  ],
  [
    { user: 'root' },
    (found) => found.headers,
    { 'Impersonate-Group': ['g'], 'Impersonate-Uid': '1', 'Impersonate-Extra-a%2Fb': ['c'] },
  ],
  [{ user: 'root', as: 'me' }, (found) => found.headers, {}],
  [{ certificateAuthority: '/x' }, (found) => found.clusterEntry['certificate-authority'], '/x'],
  [
    { cluster: 'both', certificateAuthority: '/x' },
    (found) => [
      found.clusterEntry['certificate-authority'],
      found.clusterEntry['certificate-authority-data'],
    ],
    ['/x', undefined],
  ],
  [
    { insecureSkipTlsVerify: true },
    (found) => [found.clusterEntry['certificate-authority'], found.clusterEntry['insecure-skip-tls-verify']],
    [undefined, true],
  ],
  [
    { clientCertificate: '/c', clientKey: '/k' },
    (found) => [found.userEntry['client-certificate'], found.userEntry['client-key']],
    ['/c', '/k'],
  ],
  [{ requestTimeout: 5 }, (found) => found.requestTimeout, 5],
  [{ requestTimeout: 0 }, (found) => found.requestTimeout, undefined],
];

/** A kubeconfig whose cluster and user have these fields. */
const config = (cluster: string, user = '{token: T}', more = '') => `
current-context: c
clusters: [{name: c, cluster: {server: "https://c", ${cluster}}}]
users: [{name: u, user: ${user}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
${more}`;

const plugin = (fields: string) => `{exec: {command: login, ${fields}}}`;
const version = 'apiVersion: client.authentication.k8s.io/v1';

const unusable: [text: string, message: RegExp][] = [
  [config('tls-server-name: 5'), /cluster "c": tls-server-name must be text/],
  [config('insecure-skip-tls-verify: "true"'), /insecure-skip-tls-verify must be true or false/],
  [config('certificate-authority-data: "***"'), /certificate-authority-data must be base64/],
  [config('insecure-skip-tls-verify: true, certificate-authority: x'), /mutually exclusive/],
  [config('proxy-url: "ftp://x"'), /proxy-url must begin with/],
  [config('', '{token: 12345}'), /user "u": token must be text; put it into quotes$/],
  [config('', '{token: T, password: SECRET}'), /user "u" has a token and a password$/],
  [config('', '{client-certificate: x}'), /no client-key$/],
  [config('', '{auth-provider: {name: gcp}}'), /the auth-provider gcp of user "u" no longer exists/],
  [config('', '{auth-provider: {name: tokenFile}}'), /no known name: "tokenFile"$/],
  [config('', '{auth-provider: {name: oidc, config: {client-id: x}}}'), /has no idp-issuer-url$/],
  [config('', plugin(version)), /interactiveMode .* must be Never, IfAvailable or Always$/],
  [config('', plugin('interactiveMode: Never')), /no apiVersion$/],
  [config('', plugin(`${version}alpha1, interactiveMode: Never`)), /apiVersion .*v1alpha1$/],
  [config('', plugin(`${version}, interactiveMode: Never, env: [{value: x}]`)), /variable without a name$/],
  [config('', plugin(`${version}, interactiveMode: Never, args: [1]`)), /exec.args must be a list of texts$/],
  [config('', '{}', 'kind: Pod'), /not a Config of v1$/],
  [config('', '{}', 'users: [{name: a}, {name: a}]'), /two users named "a"$/],
];

test('a kubeconfig that kubectl refuses is refused', async () => {
  for (const [text, message] of unusable) {
    const read = (path: string) => Promise.resolve(path === '/one' ? text : undefined);
    const found = findKubeconfig({}, { KUBECONFIG: '/one' }, read).then((each) => resolveSettings({}, each));
    const error = await rejection(found);
    assert.equal(error.kind, 'precondition', text);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /SECRET/);
  }
});

test('each flag has its effect', async () => {
  for (const [flags, sees, expected] of effects) {
    assert.deepEqual(sees(await settings(flags)), expected, JSON.stringify(flags));
  }
});

const home = { HOME: '/home' };
const refusals: [flags: ConnectionFlags, env: Environment, kind: string, message: RegExp, hint: RegExp][] = [
  [
    {},
    { HOME: '/nowhere' },
    'precondition',
    /^no kubeconfig: \/nowhere\/\.kube\/config does not exist$/,
    /--kubeconfig FILE.*\n.*sandbox/,
  ],
  [{}, {}, 'precondition', /^no kubeconfig: neither \$KUBECONFIG nor \$HOME is set$/, /./],
  [{}, { KUBECONFIG: '/empty' }, 'precondition', /^no kubeconfig: \/empty is empty$/, /./],
  [{}, { KUBECONFIG: '/empty:/none' }, 'precondition', /: \/empty, \/none are empty or do not exist$/, /./],
  [{}, { KUBECONFIG: '/none:/no' }, 'precondition', /: \/none, \/no do not exist$/, /./],
  [{ kubeconfig: '/none' }, home, 'precondition', /^cannot read the kubeconfig \/none: no such file$/, /./],
  [
    { kubeconfig: '/locked' },
    home,
    'precondition',
    /^cannot read the kubeconfig \/locked: permission denied$/,
    /./,
  ],
  [{ kubeconfig: '/list' }, home, 'precondition', /\/list: it is not a kubeconfig$/, /./],
  [{ kubeconfig: '/bad' }, home, 'precondition', /\/bad: it is not valid YAML \(line 3\)$/, /./],
  [{ kubeconfig: '/one' }, home, 'precondition', /^the kubeconfig has no current context$/, /available: a$/],
  [
    { context: 'x' },
    home,
    'usage',
    /^the kubeconfig has no context "x"$/,
    /^available: broken, dev, empty, root$/,
  ],
  [{ cluster: 'x' }, home, 'usage', /^the kubeconfig has no cluster "x"$/, /^available: both, dev$/],
  [{ user: 'x' }, home, 'usage', /^the kubeconfig has no user "x"$/, /^available: cloud, jane, root$/],
  [
    { context: 'broken' },
    home,
    'precondition',
    /no cluster "gone"$/,
    /^available: both, dev; choose one with --cluster NAME$/,
  ],
  [{ asGroup: ['g'] }, home, 'usage', /requires a user to impersonate/, /--as USER/],
  [{ server: 'http://[' }, home, 'usage', /is not a valid server URL/, /./],
  [
    { certificateAuthority: 'x', insecureSkipTlsVerify: true },
    home,
    'usage',
    /--certificate-authority and --insecure-skip-tls-verify are mutually exclusive/,
    /./,
  ],
];

test('unusable settings are refused in one line, without secrets', async () => {
  for (const [flags, env, kind, message, hint] of refusals) {
    const error = await rejection(settings(flags, env));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    assert.doesNotMatch(`${error.message}${error.hint ?? ''}${String(error.cause)}`, /SECRET/);
  }
});

test('--server alone is enough', async () => {
  assert.equal((await settings({ server: 'http://localhost:8001' }, {})).server, 'http://localhost:8001');
});

const proxied: [
  server: string,
  proxyUrl: string | undefined,
  env: Environment,
  expected: string | undefined,
][] = [
  ['https://api:6443', undefined, {}, undefined],
  ['https://api:6443', 'socks5://p:1', { HTTPS_PROXY: 'http://q' }, 'socks5://p:1'],
  ['https://api:6443', undefined, { HTTPS_PROXY: 'q:3128' }, 'http://q:3128'],
  ['https://api:6443', undefined, { http_proxy: 'http://q' }, undefined],
  ['http://api', undefined, { http_proxy: 'http://q' }, 'http://q'],
  ['https://127.0.0.1:6443', undefined, { HTTPS_PROXY: 'http://q' }, undefined],
  ['https://localhost', undefined, { HTTPS_PROXY: 'http://q' }, undefined],
  ['https://[::1]:1', undefined, { HTTPS_PROXY: 'http://q' }, undefined],
  ['https://127.0.0.1:6443', 'http://p', {}, 'http://p'],
  ['https://10.1.2.3', undefined, { HTTPS_PROXY: 'http://q', NO_PROXY: '10.0.0.0/8' }, undefined],
  ['https://10.1.2.3', undefined, { HTTPS_PROXY: 'http://q', NO_PROXY: '11.0.0.0/8,fd00::/8' }, 'http://q'],
  ['https://a.corp.example', undefined, { HTTPS_PROXY: 'http://q', no_proxy: 'x, corp.example' }, undefined],
  ['https://corp.example', undefined, { HTTPS_PROXY: 'http://q', NO_PROXY: '.corp.example' }, 'http://q'],
  ['https://a.corp.example', undefined, { HTTPS_PROXY: 'http://q', NO_PROXY: '*.corp.example' }, undefined],
  ['https://acorp.example', undefined, { HTTPS_PROXY: 'http://q', NO_PROXY: 'corp.example' }, 'http://q'],
  ['https://a:6443', undefined, { HTTPS_PROXY: 'http://q', NO_PROXY: 'a:7443' }, 'http://q'],
  ['https://a:6443', undefined, { HTTPS_PROXY: 'http://q', NO_PROXY: '*' }, undefined],
  [
    'https://a',
    undefined,
    { HTTPS_PROXY: '', https_proxy: 'http://q', NO_PROXY: '', no_proxy: 'b' },
    'http://q',
  ],
];

test('which proxy leads to the server', () => {
  for (const [server, proxyUrl, env, expected] of proxied) {
    assert.equal(proxyFor(server, proxyUrl, env), expected, `${server} ${JSON.stringify(env)}`);
  }
});
