import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

import { backupSessions, jobs, volumeSnapshotClasses, volumeSnapshots } from '#src/api/resources.ts';
import { connectionError } from '#src/cluster/connection-errors.ts';
import type { Cluster } from '#src/cluster/port.ts';

import { adapter, rejection } from './adapter.ts';
import { status } from './scripted-api.ts';
import { serve, type Answer } from './serve.ts';
import { at, snapshot } from './snapshot.ts';

const read = (cluster: Cluster) => cluster.get(volumeSnapshots, 'data-1', 'demo');
const create = (cluster: Cluster) => cluster.create(volumeSnapshots, snapshot);
const patch = (cluster: Cluster) => cluster.patch(volumeSnapshots, at, {});

function says(actual: string | undefined, expected: string | RegExp): void {
  if (typeof expected === 'string') assert.equal(actual, expected);
  else assert.match(actual ?? '', expected);
}

const exec = (cluster: Cluster) =>
  cluster.exec({
    ...{ namespace: 'demo', pod: 'p', command: ['true'] },
    ...{ stdout: new PassThrough(), stderr: new PassThrough() },
  });
const pod = { name: 'p', kind: 'pods' };

const rbac =
  'volumesnapshots.snapshot.storage.k8s.io is forbidden: User "jane@corp" cannot create resource "volumesnapshots" in API group "snapshot.storage.k8s.io" in the namespace "demo"';
const quota =
  'persistentvolumeclaims "data" is forbidden: exceeded quota: q, requested: 1, used: 1, limited: 1';

const told: {
  name: string;
  ask: (cluster: Cluster) => Promise<unknown>;
  answer: Answer;
  kind: string;
  reason: string;
  message: string | RegExp;
  hint?: string | RegExp;
}[] = [
  {
    name: 'forbidden in a namespace',
    ask: create,
    answer: {
      code: 403,
      body: status(403, 'Forbidden', rbac, { group: 'snapshot.storage.k8s.io', kind: 'volumesnapshots' }),
    },
    kind: 'forbidden',
    reason: 'Forbidden',
    message:
      'user "jane" may not create volumesnapshots.snapshot.storage.k8s.io "data-1" in namespace "demo"',
    hint: 'kubectl auth can-i create volumesnapshots.snapshot.storage.k8s.io -n demo',
  },
  {
    name: 'forbidden in the whole cluster',
    ask: (cluster) => cluster.list(volumeSnapshotClasses),
    answer: { code: 403, body: status(403, 'Forbidden', 'x cannot list y') },
    kind: 'forbidden',
    reason: 'Forbidden',
    message: 'user "jane" may not list volumesnapshotclasses.snapshot.storage.k8s.io',
    hint: 'kubectl auth can-i list volumesnapshotclasses.snapshot.storage.k8s.io',
  },
  {
    name: 'a quota, which is not about rights',
    ask: create,
    answer: {
      code: 403,
      body: status(403, 'Forbidden', quota, { name: 'data', kind: 'persistentvolumeclaims' }),
    },
    kind: 'forbidden',
    reason: 'Forbidden',
    message: /^the server refused to create .*exceeded quota/,
  },
  {
    name: 'an exec that the server authorizes as get',
    ask: exec,
    answer: {
      code: 403,
      body: status(
        403,
        'Forbidden',
        'pods "p" is forbidden: User "jane" cannot get resource "pods/exec"',
        pod,
      ),
    },
    kind: 'forbidden',
    reason: 'Forbidden',
    message: 'user "jane" may not get pods/exec "p" in namespace "demo"',
    hint: 'kubectl auth can-i get pods/exec -n demo',
  },
  {
    name: 'an exec whose second right is missing, refused without a message',
    ask: exec,
    answer: { code: 403, body: status(403, 'Forbidden', 'pods "p" is forbidden: ', pod) },
    kind: 'forbidden',
    reason: 'Forbidden',
    message: 'user "jane" may not create pods/exec "p" in namespace "demo"',
    hint: 'kubectl auth can-i create pods/exec -n demo',
  },
  {
    name: 'a terminating namespace',
    ask: create,
    answer: {
      code: 403,
      body: status(403, 'Forbidden', 'unable', { causes: [{ reason: 'NamespaceTerminating' }] }),
    },
    kind: 'forbidden',
    reason: 'NamespaceTerminating',
    message: 'namespace "demo" is being deleted; nothing can be created in it',
  },
  {
    name: 'rejected credentials',
    ask: read,
    answer: { code: 401, body: status(401, 'Unauthorized', 'Unauthorized') },
    kind: 'unauthorized',
    reason: 'Unauthorized',
    message: /rejected the credentials of user "jane": they are expired or invalid$/,
    hint: /log in again/,
  },
  {
    name: 'no such object',
    ask: read,
    answer: {
      code: 404,
      body: status(404, 'NotFound', 'volumesnapshots "data-1" not found', {
        name: 'data-1',
        kind: 'volumesnapshots',
      }),
    },
    kind: 'not-found',
    reason: 'NotFound',
    message: 'volumesnapshots.snapshot.storage.k8s.io "data-1" not found in namespace "demo"',
  },
  {
    name: 'no such namespace',
    ask: create,
    answer: {
      code: 404,
      body: status(404, 'NotFound', 'namespaces "demo" not found', { name: 'demo', kind: 'namespaces' }),
    },
    kind: 'not-found',
    reason: 'NotFound',
    message: 'namespace "demo" not found',
    hint: 'kubectl get namespaces',
  },
  {
    name: 'snapshot CRDs missing',
    ask: read,
    answer: { code: 404, body: '404 page not found\n' },
    kind: 'precondition',
    reason: 'NotFound',
    message: 'the cluster has no snapshot CRDs (volumesnapshots.snapshot.storage.k8s.io)',
    hint: /external-snapshotter/,
  },
  {
    name: 'Stash CRDs missing',
    ask: (cluster) => cluster.list(backupSessions, { namespace: 'demo' }),
    answer: { code: 404, body: status(404, 'NotFound', 'the server could not find the requested resource') },
    kind: 'precondition',
    reason: 'NotFound',
    message: 'the cluster has no Stash CRDs (backupsessions.stash.appscode.com)',
    hint: 'kubectl stash install --crds',
  },
  {
    name: 'another kind missing',
    ask: (cluster) => cluster.list(jobs),
    answer: { code: 404, body: '404 page not found' },
    kind: 'precondition',
    reason: 'NotFound',
    message: 'the server has no resource type "jobs.batch"',
    hint: 'kubectl api-resources --api-group=batch',
  },
  {
    name: 'an object that already exists',
    ask: create,
    answer: { code: 409, body: status(409, 'AlreadyExists', 'volumesnapshots "data-1" already exists') },
    kind: 'already-exists',
    reason: 'AlreadyExists',
    message: 'volumesnapshots "data-1" already exists',
  },
  {
    name: 'an object that has changed meanwhile',
    ask: patch,
    answer: { code: 409, body: status(409, 'Conflict', 'the object has been modified') },
    kind: 'conflict',
    reason: 'Conflict',
    message: 'the object has been modified',
  },
  {
    name: 'invalid',
    ask: create,
    answer: {
      code: 422,
      body: status(422, 'Invalid', 'VolumeSnapshot "x" is invalid:\n  spec.source: Required'),
    },
    kind: 'invalid',
    reason: 'Invalid',
    message: 'VolumeSnapshot "x" is invalid: spec.source: Required',
  },
  {
    name: 'an error inside the server',
    ask: create,
    answer: { code: 500, body: status(500, 'InternalError', 'etcdserver: leader changed') },
    kind: 'server',
    reason: 'InternalError',
    message: /could not create volumesnapshots.*"data-1" in namespace "demo": etcdserver: leader changed$/,
  },
  {
    name: 'a server that is not an API server',
    ask: read,
    answer: { code: 200, body: 'hello' },
    kind: 'server',
    reason: 'none',
    message: /returned invalid JSON$/,
    hint: /kubectl config view/,
  },
  {
    name: 'a login page in place of the API server',
    ask: read,
    answer: { code: 200, body: '<html><title>Sign in</title>' },
    kind: 'server',
    reason: 'none',
    message:
      /^cannot get volumesnapshots\S+ "data-1" in namespace "demo": http:\S+ answered with a web page, HTTP 200: Sign in$/,
    hint: /^a proxy, a login page or another web server answered in place of the API server; check the address:\nkubectl config view --minify$/,
  },
  {
    name: 'the error page of a proxy, which names no kind',
    ask: read,
    answer: {
      code: 404,
      headers: { server: 'nginx/1.29' },
      body: '<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY></BODY></HTML>',
    },
    kind: 'server',
    reason: 'NotFound',
    message: /^cannot get .* answered with a web page \(nginx\/1\.29\), HTTP 404: 404 Not Found$/,
  },
  {
    name: 'the error page of a proxy for an exec',
    ask: exec,
    answer: { code: 502, body: '<html><title>Bad Gateway</title></html>' },
    kind: 'server',
    reason: 'none',
    message: /^cannot .* answered with a web page, HTTP 502$/,
  },
  {
    name: 'the page of a proxy for a log',
    ask: (cluster) => cluster.logs({ namespace: 'demo', pod: 'p' }),
    answer: { code: 200, headers: { 'content-type': 'text/html' }, body: '<html><title>Sign in</title>' },
    kind: 'server',
    reason: 'none',
    message: /^cannot .* answered with a web page, HTTP 200: Sign in$/,
  },
  {
    name: 'a login page with code 401',
    ask: read,
    answer: { code: 401, body: '<!doctype html><title>Unauthorized</title>' },
    kind: 'unauthorized',
    reason: 'Unauthorized',
    message: /answered with a web page, HTTP 401$/,
  },
];

for (const { name, ask, answer, kind, reason, message, hint } of told) {
  test(`says: ${name}`, async () => {
    await using api = await serve(() => answer);
    const error = await rejection(ask(adapter(api.url, { limits: { retries: 0 } })));
    assert.deepEqual([error.kind, error.reason ?? 'none'], [kind, reason]);
    says(error.message, message);
    if (hint !== undefined) says(error.hint, hint);
  });
}

test('a watch that receives the page of a proxy reports it', async () => {
  const list = { kind: 'JobList', apiVersion: 'batch/v1', metadata: { resourceVersion: '1' }, items: [] };
  await using api = await serve(({ path }) => ({
    body: path.includes('watch=true') ? '<html><title>Sign in</title></html>\n' : list,
  }));
  const over = new AbortController();
  for await (const event of adapter(api.url).watch(jobs, { namespace: 'demo' }, over.signal)) {
    if (event.type !== 'lost') continue;
    assert.match(event.why, /^cannot watch jobs.* answered with a web page, HTTP 200: Sign in$/);
    break;
  }
  over.abort();
});

test('a server that is not running', async () => {
  const gone = await serve(() => ({}));
  await gone[Symbol.asyncDispose]();
  const refused = await rejection(read(adapter(gone.url)));
  assert.deepEqual(
    [refused.kind, refused.reason, refused.message],
    ['unreachable', undefined, `unreachable server ${gone.url}: connection refused`],
  );
});

const noAnswer: [code: string, says: string][] = [
  ['ENOTFOUND', 'unreachable server https://x: no such host'],
  ['EAI_AGAIN', 'unreachable server https://x: the DNS server does not answer'],
  ['ETIMEDOUT', 'unreachable server https://x: timed out'],
  ['ECONNRESET', 'unreachable server https://x: connection reset'],
  ['CERT_HAS_EXPIRED', 'cannot trust server https://x: the certificate has expired'],
  ['CERT_NOT_YET_VALID', 'cannot trust server https://x: the certificate is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'cannot trust server https://x: the certificate is for another name'],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'cannot trust server https://x: the certificate is signed by an unknown authority',
  ],
  ['EWHATEVER', 'unreachable server https://x: first line'],
];

test('explains why no answer came', () => {
  for (const [code, message] of noAnswer) {
    const cause = Object.assign(new Error('first line\nsecond line'), { code });
    // Node wraps the error if it tried several addresses.
    for (const error of [cause, new Error('first line', { cause })]) {
      const explained = connectionError(error, { server: 'https://x' });
      assert.deepEqual(
        [explained.kind, explained.message, explained.reason],
        ['unreachable', message, undefined],
      );
      assert.ok(explained.hint);
    }
  }
});
