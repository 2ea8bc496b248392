/** Role-based access control, as the server enforces and reports it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventually } from '#test/operator/eventually.ts';
import { listOf, text, type Answer, type Json } from '#test/support/json-client.ts';

import { connectTo, openApi } from './open-api.ts';
import { mergePatch, messageOf, metadataOf, refusalOf } from './requests.ts';

const api = await openApi();
const { namespace } = api;
const rbac = 'rbac.authorization.k8s.io';
const roles = api.at(`${rbac}/v1`, 'roles');
const roleBindings = api.at(`${rbac}/v1`, 'rolebindings');
const clusterRoles = `/apis/${rbac}/v1/clusterroles`;
const clusterRoleBindings = `/apis/${rbac}/v1/clusterrolebindings`;
const maps = api.at('v1', 'configmaps');
const reviews = '/apis/authorization.k8s.io/v1';

/** Returns a user that only this file uses, by impersonation. */
function userOf(name: string, ...groups: string[]) {
  const user = `${namespace}-${name}`;
  const headers: Record<string, string> = { 'impersonate-user': user };
  if (groups[0] !== undefined) headers['impersonate-group'] = groups[0];
  return {
    user,
    send: (method: string, path: string, body?: unknown, more: Readonly<Record<string, string>> = {}) =>
      api.send(method, path, body, { ...more, ...headers }),
  };
}

type Tester = ReturnType<typeof userOf>;

async function may(
  { send }: Pick<Tester, 'send'>,
  resourceAttributes: object,
): Promise<{ allowed: boolean; reason: string }> {
  const answer = await send('POST', `${reviews}/selfsubjectaccessreviews`, { spec: { resourceAttributes } });
  assert.equal(answer.code, 201, messageOf(answer));
  const status = answer.body['status'];
  const reason = status?.['reason'];
  return { allowed: text(status?.['allowed']) === 'true', reason: reason === undefined ? '' : text(reason) };
}

async function made(answer: Promise<Answer>): Promise<Answer> {
  const { code, body } = await answer;
  assert.equal(code, 201, text(body['message']));
  return answer;
}

/** Creates a Role and binds it to the user. Resolves once the server applies it. */
async function grant(tester: Tester, name: string, rules: readonly object[], known: object): Promise<void> {
  await made(api.send('POST', roles, { metadata: { name }, rules }));
  await made(
    api.send('POST', roleBindings, {
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ apiGroup: rbac, kind: 'User', name: tester.user }],
    }),
  );
  await eventually(async () => (await may(tester, { namespace, ...known })).allowed);
}

const read = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] };

test('a user without rights is told which right is missing, on each path', async () => {
  const { user, send } = userOf('nobody');
  const apps = api.at('apps/v1', 'deployments');
  const inNamespace = `in the namespace "${namespace}"`;
  const rows: [method: string, path: string, message: string, details: object][] = [
    [
      'GET',
      `${apps}/x`,
      `deployments.apps "x" is forbidden: User "${user}" cannot get resource "deployments" in API group "apps" ${inNamespace}`,
      { name: 'x', group: 'apps', kind: 'deployments' },
    ],
    [
      'GET',
      maps,
      `configmaps is forbidden: User "${user}" cannot list resource "configmaps" in API group "" ${inNamespace}`,
      { kind: 'configmaps' },
    ],
    [
      'GET',
      `${maps}?watch=true&fieldSelector=metadata.name%3Dx`,
      `configmaps "x" is forbidden: User "${user}" cannot watch resource "configmaps" in API group "" ${inNamespace}`,
      { name: 'x', kind: 'configmaps' },
    ],
    [
      'GET',
      '/api/v1/configmaps',
      `configmaps is forbidden: User "${user}" cannot list resource "configmaps" in API group "" at the cluster scope`,
      { kind: 'configmaps' },
    ],
    [
      'DELETE',
      maps,
      `configmaps is forbidden: User "${user}" cannot deletecollection resource "configmaps" in API group "" ${inNamespace}`,
      { kind: 'configmaps' },
    ],
    [
      'PUT',
      `${maps}/x`,
      `configmaps "x" is forbidden: User "${user}" cannot update resource "configmaps" in API group "" ${inNamespace}`,
      { name: 'x', kind: 'configmaps' },
    ],
    [
      'GET',
      `${apps}/x/scale`,
      `deployments.apps "x" is forbidden: User "${user}" cannot get resource "deployments/scale" in API group "apps" ${inNamespace}`,
      { name: 'x', group: 'apps', kind: 'deployments' },
    ],
    [
      'GET',
      `/api/v1/namespaces/${namespace}`,
      `namespaces "${namespace}" is forbidden: User "${user}" cannot get resource "namespaces" in API group "" ${inNamespace}`,
      { name: namespace, kind: 'namespaces' },
    ],
    [
      'GET',
      '/apis/example.com/v1/nothings',
      `nothings.example.com is forbidden: User "${user}" cannot list resource "nothings" in API group "example.com" at the cluster scope`,
      { group: 'example.com', kind: 'nothings' },
    ],
    ['GET', '/metrics', `forbidden: User "${user}" cannot get path "/metrics"`, {}],
  ];
  for (const [method, path, message, details] of rows) {
    const { code, body } = await send(
      method,
      path,
      method === 'PUT' ? { metadata: { name: 'x' } } : undefined,
    );
    assert.deepEqual(
      [code, body['status'], body['reason'], body['message']],
      [403, 'Failure', 'Forbidden', message],
      `${method} ${path}`,
    );
    assert.deepEqual(body['details'], details, `${method} ${path}`);
  }
  const created = await send('POST', maps, { metadata: { name: 'x' } });
  assert.equal(
    messageOf(created),
    `configmaps is forbidden: User "${user}" cannot create resource "configmaps" in API group "" ${inNamespace}`,
  );
  for (const path of ['/api', '/apis', '/api/v1', '/apis/apps/v1', '/openapi/v3', '/version', '/healthz'])
    assert.equal((await send('GET', path)).code, 200, path);
});

test('a Role grants exactly its rules, where it is bound', async () => {
  const reader = userOf('reader');
  const rules = [
    read,
    { apiGroups: ['apps'], resources: ['*'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['*'] },
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['mine'], verbs: ['get', 'list', 'delete'] },
  ];
  await grant(reader, 'reader', rules, { verb: 'list', resource: 'configmaps' });
  const rows: [allowed: boolean, attributes: object][] = [
    [true, { verb: 'get', resource: 'configmaps', name: 'any' }],
    [false, { verb: 'watch', resource: 'configmaps' }],
    [false, { verb: 'get', resource: 'configmaps', subresource: 'status' }],
    [false, { verb: 'get', group: 'apps', resource: 'configmaps', namespace: 'kube-system' }],
    [false, { verb: 'list', resource: 'configmaps', namespace: '' }],
    [true, { verb: 'get', group: 'apps', resource: 'deployments' }],
    [true, { verb: 'get', group: 'apps', resource: 'deployments', subresource: 'scale' }],
    [false, { verb: 'get', group: 'batch', resource: 'jobs' }],
    [true, { verb: 'get', resource: 'pods', subresource: 'log' }],
    [false, { verb: 'get', resource: 'pods' }],
    [true, { verb: 'get', resource: 'secrets', name: 'mine' }],
    [false, { verb: 'get', resource: 'secrets', name: 'theirs' }],
    [false, { verb: 'list', resource: 'secrets' }],
  ];
  for (const [allowed, attributes] of rows) {
    const answer = await may(reader, { namespace, ...attributes });
    assert.equal(answer.allowed, allowed, JSON.stringify(attributes));
    const by = `RBAC: allowed by RoleBinding "reader/${namespace}" of Role "reader" to User "${reader.user}"`;
    assert.equal(answer.reason, allowed ? by : '');
  }
  assert.equal((await reader.send('GET', maps)).code, 200);
  const secrets = api.at('v1', 'secrets');
  assert.equal((await reader.send('GET', `${secrets}?fieldSelector=metadata.name%3Dmine`)).code, 200);
  assert.equal((await reader.send('GET', secrets)).code, 403);
  assert.equal((await reader.send('GET', `${secrets}/mine`)).code, 404);

  const answer = await reader.send('POST', `${reviews}/selfsubjectrulesreviews`, { spec: { namespace } });
  const told = listOf(answer.body['status']?.['resourceRules']).map((rule) => JSON.stringify(sorted(rule)));
  for (const rule of rules)
    assert.ok(told.includes(JSON.stringify(sorted(rule as unknown as Json))), told.join('\n'));
  assert.equal((await reader.send('POST', `${reviews}/selfsubjectrulesreviews`, { spec: {} })).code, 400);

  // An administrator may ask about other users.
  const spec = { user: reader.user, resourceAttributes: { namespace, verb: 'get', resource: 'configmaps' } };
  const asked = await made(api.send('POST', `${reviews}/subjectaccessreviews`, { spec }));
  assert.equal(text(asked.body['status']?.['allowed']), 'true');
  assert.equal((await reader.send('POST', `${reviews}/subjectaccessreviews`, { spec })).code, 403);
});

function sorted(rule: Json): object {
  return Object.fromEntries(Object.entries(rule).sort(([a], [b]) => a.localeCompare(b)));
}

test('the reason names a bound role that does not exist', async () => {
  const lost = userOf('lost');
  for (const [name, kind] of [
    ['lost-1', 'Role'],
    ['lost-2', 'ClusterRole'],
  ]) {
    await made(
      api.send('POST', roleBindings, {
        metadata: { name },
        roleRef: { apiGroup: rbac, kind, name: `${namespace}-none` },
        subjects: [{ apiGroup: rbac, kind: 'User', name: lost.user }],
      }),
    );
  }
  await eventually(async () =>
    /lost|none/.test((await may(lost, { namespace, verb: 'get', resource: 'pods' })).reason),
  );
  await eventually(async () => messageOf(await lost.send('GET', maps)).includes('['));
  const message = messageOf(await lost.send('GET', maps));
  const missing = ['role', 'clusterrole'].map((kind) => `${kind}.${rbac} "${namespace}-none" not found`);
  assert.ok(
    message.startsWith(
      `configmaps is forbidden: User "${lost.user}" cannot list resource "configmaps" in API group "" in the namespace "${namespace}": RBAC: [`,
    ),
    message,
  );
  // The server reports them in any order.
  for (const each of missing) assert.ok(message.includes(each), message);
});

test('impersonation is a right, and groups count', async () => {
  const group = `${namespace}-group`;
  await made(
    api.send('POST', roleBindings, {
      metadata: { name: 'of-group' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: rbac, kind: 'Group', name: group }],
    }),
  );
  const member = userOf('member', group);
  await eventually(async () => (await may(member, { namespace, verb: 'get', resource: 'pods' })).allowed);
  assert.equal((await userOf('member').send('GET', maps)).code, 403);
  assert.equal((await member.send('GET', maps)).code, 200);
  assert.equal((await member.send('GET', '/api/v1/configmaps')).code, 403);

  const who = await made(member.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}));
  assert.deepEqual(listOf(who.body['status']?.['userInfo']?.['groups']), [group, 'system:authenticated']);

  const account = await tokenOf('impersonator');
  const asked = async (headers: Readonly<Record<string, string>>) => {
    const client = await connectTo(api.server.kubeconfig, { token: account.token });
    const answer = await client.send('GET', maps, undefined, headers);
    client.close();
    return answer;
  };
  // Before 1.36 the message names the impersonated user, from 1.36 on the action.
  for (const somebody of ['jane', `system:serviceaccount:${namespace}:default`]) {
    const refused = await asked({ 'impersonate-user': somebody });
    assert.deepEqual([refused.code, refused.body['reason']], [403, 'Forbidden']);
    assert.match(
      messageOf(refused),
      new RegExp(`is forbidden: User "${account.user}" cannot impersonate(-on:[a-z-]+:list)? resource "`),
    );
  }
});

/** Creates a service account in the namespace and a token for it. */
async function tokenOf(name: string): Promise<{ user: string; token: string }> {
  const accounts = api.at('v1', 'serviceaccounts');
  await made(api.send('POST', accounts, { metadata: { name } }));
  const issued = await made(api.send('POST', `${accounts}/${name}/token`, { spec: {} }));
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    token: text(issued.body['status']?.['token']),
  };
}

test('a service account is in its groups, and can be bound by name', async () => {
  const { user, token } = await tokenOf('worker');
  const client = await connectTo(api.server.kubeconfig, { token });
  try {
    const who = await made(client.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}));
    const info = who.body['status']?.['userInfo'];
    assert.equal(text(info?.['username']), user);
    assert.deepEqual(listOf(info?.['groups']), [
      'system:serviceaccounts',
      `system:serviceaccounts:${namespace}`,
      'system:authenticated',
    ]);
    assert.equal((await client.send('GET', maps)).code, 403);
    await made(api.send('POST', roles, { metadata: { name: 'worker' }, rules: [read] }));
    await made(
      api.send('POST', roleBindings, {
        metadata: { name: 'worker' },
        roleRef: { apiGroup: rbac, kind: 'Role', name: 'worker' },
        subjects: [{ kind: 'ServiceAccount', name: 'worker', namespace }],
      }),
    );
    const attributes = { namespace, verb: 'list', resource: 'configmaps' };
    await eventually(async () => (await may(client, attributes)).allowed);
    assert.equal(
      (await may(client, attributes)).reason,
      `RBAC: allowed by RoleBinding "worker/${namespace}" of Role "worker" to ServiceAccount "worker/${namespace}"`,
    );
    assert.equal((await client.send('GET', maps)).code, 200);
  } finally {
    client.close();
  }
});

test('users cannot grant rights that they do not have', async () => {
  const giver = userOf('giver');
  const manage = {
    apiGroups: [rbac],
    resources: ['roles', 'rolebindings'],
    verbs: ['get', 'create', 'patch'],
  };
  await grant(giver, 'giver', [manage, read], { group: rbac, verb: 'create', resource: 'roles' });
  const held = [read];
  const more = [
    { ...read, verbs: ['get', 'delete', 'create'] },
    { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['a'], verbs: ['get'] },
  ];
  await made(giver.send('POST', roles, { metadata: { name: 'held' }, rules: held }));
  const refused = await giver.send('POST', roles, { metadata: { name: 'more' }, rules: more });
  const who = `user "${giver.user}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:`;
  const lines =
    '{APIGroups:[""], Resources:["configmaps"], Verbs:["delete" "create"]}\n' +
    '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["a"], Verbs:["get"]}';
  assert.equal(messageOf(refused), `roles.${rbac} "more" is forbidden: ${who}\n${lines}`);
  assert.deepEqual(refusalOf(refused), {
    ...{ code: 403, status: 'Failure', reason: 'Forbidden', name: 'more', group: rbac, kind: 'roles' },
  });
  const patched = await giver.send('PATCH', `${roles}/held`, { rules: more }, mergePatch);
  assert.equal(messageOf(patched), `roles.${rbac} "held" is forbidden: ${who}\n${lines}`);
  const labelled = { metadata: { labels: { a: 'b' } } };
  assert.equal((await giver.send('PATCH', `${roles}/held`, labelled, mergePatch)).code, 200);

  await made(api.send('POST', roles, { metadata: { name: 'theirs' }, rules: more }));
  const subjects = [{ apiGroup: rbac, kind: 'User', name: 'jane' }];
  const bind = (name: string, role: string) =>
    giver.send('POST', roleBindings, {
      ...{ metadata: { name }, roleRef: { apiGroup: rbac, kind: 'Role', name: role }, subjects },
    });
  await made(bind('held', 'held'));
  assert.equal(
    messageOf(await bind('theirs', 'theirs')),
    `rolebindings.${rbac} "theirs" is forbidden: ${who}\n${lines}`,
  );

  const named = { apiGroups: [rbac], resources: ['roles'], resourceNames: ['theirs', 'more'] };
  const rules = [{ ...named, verbs: ['bind', 'escalate'] }];
  await grant(giver, 'may-bind', rules, { group: rbac, verb: 'bind', resource: 'roles', name: 'theirs' });
  await made(bind('theirs', 'theirs'));
  const all = { rules: [...more, { ...read, verbs: ['*'] }] };
  assert.equal((await giver.send('PATCH', `${roles}/theirs`, all, mergePatch)).code, 200);
  // The right to escalate one role by name does not apply to a role that does not exist yet.
  assert.equal((await giver.send('POST', roles, { metadata: { name: 'more' }, rules: more })).code, 403);
});

test('a ClusterRoleBinding grants a ClusterRole everywhere, including its paths', async (t) => {
  const metrics = userOf('metrics');
  const name = `${namespace}-metrics`;
  t.after(async () => {
    await api.send('DELETE', `${clusterRoleBindings}/${name}`);
    await api.send('DELETE', `${clusterRoles}/${name}`);
  });
  const rules = [read, { nonResourceURLs: ['/metrics', '/some/*'], verbs: ['get'] }];
  await made(api.send('POST', clusterRoles, { metadata: { name }, rules }));
  await made(
    api.send('POST', clusterRoleBindings, {
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [{ apiGroup: rbac, kind: 'User', name: metrics.user }],
    }),
  );
  await eventually(async () => (await may(metrics, { verb: 'list', resource: 'configmaps' })).allowed);
  assert.equal(
    (await may(metrics, { verb: 'list', resource: 'configmaps' })).reason,
    `RBAC: allowed by ClusterRoleBinding "${name}" of ClusterRole "${name}" to User "${metrics.user}"`,
  );
  assert.equal((await metrics.send('GET', '/api/v1/configmaps')).code, 200);
  const path = async (verb: string, path: string) => {
    const spec = { nonResourceAttributes: { verb, path } };
    const answer = await made(metrics.send('POST', `${reviews}/selfsubjectaccessreviews`, { spec }));
    return text(answer.body['status']?.['allowed']);
  };
  assert.equal(await path('get', '/metrics'), 'true');
  assert.equal(await path('get', '/some/where'), 'true');
  assert.equal(await path('post', '/metrics'), 'false');
  assert.equal(await path('get', '/other'), 'false');
  assert.equal(metadataOf(await api.send('GET', `${clusterRoles}/${name}`))['name'], name);
});

test('apply also needs create if the object does not exist', async () => {
  const applier = userOf('applier');
  const patch = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] };
  await grant(applier, 'applier', [patch], { verb: 'patch', resource: 'configmaps' });
  const apply = { 'content-type': 'application/apply-patch+yaml' };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' } };
  const refused = await applier.send('PATCH', `${maps}/applied?fieldManager=test`, map, apply);
  assert.equal(refused.code, 403, messageOf(refused));
  assert.match(
    messageOf(refused),
    /^configmaps "applied" is forbidden: User ".*" cannot create resource "configmaps"/,
  );
  await made(api.send('POST', maps, map));
  const applied = await applier.send('PATCH', `${maps}/applied?fieldManager=test`, map, apply);
  assert.equal(applied.code, 200, messageOf(applied));
});

test('an aggregated ClusterRole has the current rules of the roles that it selects', async (t) => {
  const [whole, part] = [`${namespace}-whole`, `${namespace}-part`];
  t.after(async () => {
    for (const name of [whole, part]) await api.send('DELETE', `${clusterRoles}/${name}`);
  });
  const labels = { [`${namespace}/part`]: 'yes' };
  await made(
    api.send('POST', clusterRoles, {
      metadata: { name: whole },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
    }),
  );
  await made(api.send('POST', clusterRoles, { metadata: { name: part, labels }, rules: [read] }));
  const rulesAre = async (...rules: object[]) => {
    const { body } = await api.send('GET', `${clusterRoles}/${whole}`);
    return (
      JSON.stringify(listOf(body['rules']).map(sorted)) ===
      JSON.stringify(rules.map((rule) => sorted(rule as never)))
    );
  };
  await eventually(() => rulesAre(read));
  const other = { ...read, resources: ['secrets'] };
  await api.send('PATCH', `${clusterRoles}/${part}`, { rules: [other] }, mergePatch);
  await eventually(() => rulesAre(other));

  const editor = userOf('editor');
  await made(
    api.send('POST', roleBindings, {
      metadata: { name: 'editor' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: editor.user }],
    }),
  );
  await eventually(async () => (await may(editor, { namespace, verb: 'get', resource: 'pods' })).allowed);
  const attributes: [allowed: boolean, attributes: object][] = [
    [true, { verb: 'create', group: 'apps', resource: 'deployments' }],
    [true, { verb: 'create', resource: 'pods', subresource: 'exec' }],
    [true, { verb: 'get', resource: 'secrets' }],
    [false, { verb: 'create', group: rbac, resource: 'rolebindings' }],
    [false, { verb: 'delete', resource: 'namespaces' }],
  ];
  for (const [allowed, about] of attributes)
    assert.equal((await may(editor, { namespace, ...about })).allowed, allowed, JSON.stringify(about));
});
