/** `docs/rbac/in-place-policy.yaml` on a server that has admission policies: what its group may change on volumes. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';

import { loadAll } from 'js-yaml';

import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { forgetStep } from '#src/domain/in-place/forget.ts';
import { formatSwapped, type SwappedVolume } from '#src/domain/in-place/swapped-volume.ts';
import { eventually } from '#test/operator/eventually.ts';
import type { Answer } from '#test/support/json-client.ts';
import { rbacGroup, type Role } from '#test/support/rbac.ts';

import { openApi } from './open-api.ts';
import { mergePatch, messageOf } from './requests.ts';

const api = await openApi();
const { namespace } = api;
const admission = '/apis/admissionregistration.k8s.io/v1';
const rbac = `/apis/${rbacGroup}/v1`;
const roleBindings = api.at(`${rbacGroup}/v1`, 'rolebindings');
const volumes = '/api/v1/persistentvolumes';
const skip = (await api.send('GET', admission)).code !== 200 && 'the sandbox has no admission policies';

/** In place of the documented names, which an administrator of the server may use already. */
const [name, group, elsewhere] = [`${namespace}-policy`, `${namespace}-members`, `${namespace}-other`];
const boundByController = 'pv.kubernetes.io/bound-by-controller';

const swapped: SwappedVolume = {
  ...{ session: 'swap', namespace, claim: 'data', target: { kind: 'Deployment', name: 'web' } },
  ...{ role: 'kept', policy: 'Delete', since: '2026-03-14T03:00:00Z' },
};

async function made(path: string, body: unknown): Promise<Answer> {
  const answer = await api.send('POST', path, body);
  assert.equal(answer.code, 201, messageOf(answer));
  return answer;
}

async function documents(file: string): Promise<unknown[]> {
  const written = await readFile(new URL(`../../../docs/rbac/${file}`, import.meta.url), 'utf8');
  return loadAll(
    written.replaceAll("'stash-in-place'", `'${group}'`).replaceAll(/\bkubectl-stash-in-place\b/g, name),
  );
}

interface Member {
  readonly user: string;
  /** What the server answers to the patch; it stores nothing. */
  patch(volume: string, patch: unknown, subresource?: string): Promise<Answer>;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
}

function member(user: string): Member {
  const headers = { 'impersonate-user': `${namespace}-${user}`, 'impersonate-group': group };
  return {
    user: `${namespace}-${user}`,
    patch: (volume, patch, subresource = '') =>
      api.send('PATCH', `${volumes}/${namespace}-${volume}${subresource}?dryRun=All`, patch, {
        ...mergePatch,
        ...headers,
      }),
    send: (method, path, body) => api.send(method, path, body, headers),
  };
}

const owner = member('owner');
const stranger = member('stranger');

/** `claimRef`: undefined for a volume of no claim. */
async function volume(name: string, claimRef: object | undefined): Promise<Stored<PersistentVolume>> {
  const answer = await made(volumes, {
    metadata: {
      name: `${namespace}-${name}`,
      labels: { [label.restoreSession]: 'swap', 'example.com/team': 'a' },
      annotations: {
        [annotation.swap]: formatSwapped(swapped),
        [boundByController]: 'yes',
        'example.com/note': 'x',
      },
    },
    spec: {
      ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: namespace },
      ...{ hostPath: { path: '/var/none-such' }, persistentVolumeReclaimPolicy: 'Retain' },
      claimRef,
    },
  });
  return answer.body as unknown as Stored<PersistentVolume>;
}

async function cleanUp(): Promise<void> {
  for (const path of [
    `${admission}/validatingadmissionpolicybindings/${name}`,
    `${admission}/validatingadmissionpolicies/${name}`,
    `${rbac}/clusterrolebindings/${name}`,
    `${rbac}/clusterroles/${name}`,
  ]) {
    await api.send('DELETE', path);
  }
  for (const each of ['mine', 'theirs', 'free']) {
    const path = `${volumes}/${namespace}-${each}`;
    await api.send('PATCH', path, { metadata: { finalizers: null } }, mergePatch);
    await api.send('DELETE', path);
  }
}

/** Grants the documented rights and applies the policy. Resolves once the server enforces both. */
async function prepare(): Promise<void> {
  const [role, clusterRole] = (await documents('in-place.yaml')) as Role[];
  const [policy, binding] = await documents('in-place-policy.yaml');
  await made(api.at(`${rbacGroup}/v1`, 'roles'), role);
  await bind(owner);
  await made(`${rbac}/clusterroles`, clusterRole);
  await made(`${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name },
    subjects: [{ apiGroup: rbacGroup, kind: 'Group', name: group }],
  });
  await made(`${admission}/validatingadmissionpolicies`, policy);
  await made(`${admission}/validatingadmissionpolicybindings`, binding);
  await eventually(async () => isDenied(await stranger.patch('mine', unmark)), 'the policy is not enforced');
  await eventually(() => mayUnmark(owner), 'the rights are not granted');
}

/** Lets the member delete claims. Resolves with the path of the binding. */
async function bind({ user }: Member): Promise<string> {
  await made(roleBindings, {
    metadata: { name: user },
    roleRef: { apiGroup: rbacGroup, kind: 'Role', name },
    subjects: [{ apiGroup: rbacGroup, kind: 'User', name: user }],
  });
  return `${roleBindings}/${user}`;
}

async function mayUnmark(who: Member): Promise<boolean> {
  return (await who.patch('mine', unmark)).code === 200;
}

const unmark = { metadata: { labels: { [label.restoreSession]: null } } };
const foreignLabel = { metadata: { labels: { 'example.com/team': 'b' } } };

function isDenied(answer: Answer, why = ''): boolean {
  return answer.code === 422 && messageOf(answer).includes(`denied request: ${why}`);
}

await suite('the policy for members of its group', { skip }, () => {
  let mine: Stored<PersistentVolume>;

  before(async () => {
    mine = await volume('mine', { namespace, name: 'data', uid: 'gone' });
    await volume('theirs', { namespace: elsewhere, name: 'data', uid: 'gone' });
    await volume('free', undefined);
    await prepare();
  });
  after(cleanUp);

  test('its expressions have no type warnings', async () => {
    await eventually(async () => {
      const { body } = await api.send('GET', `${admission}/validatingadmissionpolicies/${name}`);
      return body['status']?.['typeChecking'] !== undefined;
    }, 'the types are not checked');
    const { body } = await api.send('GET', `${admission}/validatingadmissionpolicies/${name}`);
    assert.deepEqual(body['status']?.['typeChecking'], {});
  });

  test('admits what a restore in place writes', async () => {
    const { status, ...rest } = mine;
    const reserved = { ...rest, spec: { ...mine.spec, claimRef: { namespace, name: 'data' } } };
    const steps = [
      forgetStep({ volume: mine, swapped }, { ...rest, status: { phase: 'Released' } }),
      forgetStep({ volume: mine, swapped }, { ...reserved, status: { ...status, phase: 'Available' } }),
    ];
    const rows: [what: string, patch: unknown][] = [
      [
        'keep',
        {
          metadata: {
            labels: { [label.restoreSession]: 'other' },
            annotations: { [annotation.swap]: formatSwapped({ ...swapped, session: 'other' }) },
          },
          spec: { persistentVolumeReclaimPolicy: 'Retain' },
        },
      ],
      [
        'reserve',
        {
          metadata: { annotations: { [boundByController]: null } },
          spec: { claimRef: { name: 'other', uid: null, resourceVersion: null } },
        },
      ],
      ...steps.map((step, index): [string, unknown] => {
        assert(step.do === 'patch');
        // The server has changed the volume's version since.
        const { metadata, ...patch } = step.patch as { metadata: object };
        return [`forget, step ${index}`, { ...patch, metadata: { ...metadata, resourceVersion: undefined } }];
      }),
    ];
    for (const [what, patch] of rows) {
      const answer = await owner.patch('mine', patch);
      assert.equal(answer.code, 200, `${what}: ${messageOf(answer)}`);
    }
  });

  test('refuses everything else', async () => {
    const stays = `this volume has to stay with a claim in namespace ${namespace}`;
    const [spec, annotations, labels] = [
      'you may change only claimRef and persistentVolumeReclaimPolicy in spec',
      'you may change only annotations that begin with stash.appscode.com/',
      'you may change only labels that begin with stash.appscode.com/',
    ];
    const owners = 'you may not change finalizers and ownerReferences';
    const ownerReference = { apiVersion: 'v1', kind: 'Node', name: 'none', uid: 'none' };
    const rows: [patch: unknown, why: string][] = [
      [{ spec: { claimRef: { namespace: elsewhere } } }, stays],
      [{ spec: { claimRef: { namespace: null } } }, stays],
      [{ spec: { claimRef: null } }, stays],
      [{ spec: { capacity: { storage: '2Gi' } } }, spec],
      [{ spec: { accessModes: ['ReadWriteMany'] } }, spec],
      [{ spec: { mountOptions: ['suid'] } }, spec],
      [
        { spec: { persistentVolumeReclaimPolicy: 'Recycle' } },
        'persistentVolumeReclaimPolicy has to be Retain or Delete',
      ],
      [{ metadata: { annotations: { 'example.com/new': 'x' } } }, annotations],
      [{ metadata: { annotations: { 'example.com/note': 'y' } } }, annotations],
      [{ metadata: { annotations: { 'example.com/note': null } } }, annotations],
      [{ metadata: { annotations: { [boundByController]: 'no' } } }, annotations],
      [{ metadata: { labels: { 'example.com/new': 'x' } } }, labels],
      [foreignLabel, labels],
      [{ metadata: { labels: { 'example.com/team': null } } }, labels],
      [{ metadata: { finalizers: null } }, owners],
      [{ metadata: { finalizers: ['kubernetes.io/pv-protection', 'example.com/hold'] } }, owners],
      [{ metadata: { ownerReferences: [ownerReference] } }, owners],
    ];
    for (const [patch, why] of rows) {
      const answer = await owner.patch('mine', patch);
      assert.ok(isDenied(answer, why), `${JSON.stringify(patch)}: ${answer.code} ${messageOf(answer)}`);
    }
    const source = await owner.patch('mine', { spec: { hostPath: { path: '/etc' } } });
    assert.equal(source.code, 422, messageOf(source));
  });

  test('refuses volumes of claims that the member may not delete', async () => {
    const rows: [member: Member, volume: string, why: string][] = [
      [owner, 'theirs', `you may not delete claims in namespace ${elsewhere}`],
      [owner, 'free', 'this volume has no claim'],
      [stranger, 'mine', `you may not delete claims in namespace ${namespace}`],
    ];
    for (const [who, which, why] of rows) {
      const answer = await who.patch(which, unmark);
      assert.ok(isDenied(answer, why), `${who.user}, ${which}: ${answer.code} ${messageOf(answer)}`);
    }
  });

  test('the ClusterRole gives a member no other access to volumes, and the policy concerns no other user', async () => {
    const path = `${volumes}/${namespace}-mine`;
    const status = { status: { phase: 'Failed' } };
    assert.equal((await owner.patch('mine', status, '/status')).code, 403);
    assert.equal((await owner.send('DELETE', path)).code, 403);
    assert.equal((await owner.send('POST', volumes, { metadata: { name: 'x' } })).code, 403);
    assert.equal((await owner.send('GET', path)).code, 200);
    const administrator = await api.send('PATCH', `${path}?dryRun=All`, foreignLabel, mergePatch);
    assert.equal(administrator.code, 200, messageOf(administrator));
  });

  test('a right that is withdrawn does not count any more', async () => {
    const leaver = member('leaver');
    const binding = await bind(leaver);
    await eventually(() => mayUnmark(leaver), 'the right is not granted');
    await api.send('DELETE', binding);
    await eventually(async () => !(await mayUnmark(leaver)), 'the right still counts');
  });
});
