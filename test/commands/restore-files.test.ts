/** What `kubectl create -f` takes, `restore -f` takes, and it means the same. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { PersistentVolumeClaimSpec } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, restoreSessions } from '#src/api/resources.ts';

import { checkAdvice } from './advice.ts';
import { claim, namespace } from './objects.ts';
import { startWorld, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
const snapshot = 'data-1773457200';
let world: World;

before(async () => {
  world = await startWorld();
  await world.create(namespace(demo), claim(demo, 'data', { size: '2Gi' }));
  await world.bound(demo, 'data');
  const taken = await world.run(`snapshot pvc/data ${local}`);
  assert.equal(taken.code, 0, taken.err);
  world.race();
});

after(() => world[Symbol.asyncDispose]());

interface Parts {
  readonly metadata?: string;
  readonly claim?: string;
  readonly modes?: string;
  readonly resources?: string;
  readonly source?: string;
  readonly more?: string;
}

const named = (name = snapshot, kind = 'VolumeSnapshot') =>
  `apiGroup: snapshot.storage.k8s.io, kind: ${kind}, name: ${name}`;

function file(name: string, parts: Parts = {}): string {
  const { metadata = '', modes = '[ReadWriteOnce]', resources = '{requests: {storage: 2Gi}}' } = parts;
  const { source = `dataSource: {${named()}}`, more = '' } = parts;
  return `apiVersion: stash.appscode.com/v1beta1
kind: RestoreSession
metadata: {name: ${name}${metadata}}
spec:
  driver: VolumeSnapshotter
  target:
    volumeClaimTemplates:
      - metadata: {name: ${name}${parts.claim ?? ''}}
        spec: {accessModes: ${modes}, resources: ${resources}, ${source}${more}}
`;
}

async function restored(name: string, text: string): Promise<PersistentVolumeClaimSpec> {
  const ran = await world.run(`restore -f - ${local}`, { stdin: text });
  assert.equal(ran.code, 0, ran.err);
  const made = await world.cluster.get(persistentVolumeClaims, name, demo);
  assert.equal(made.status?.phase, 'Bound');
  assert.equal(made.spec.dataSource?.name, snapshot);
  return made.spec;
}

const list = (text: string) =>
  `apiVersion: v1\nkind: List\nitems:\n- ${text.trimEnd().replaceAll('\n', '\n  ')}\n`;

const taken: Record<string, (name: string) => string> = {
  'a class of nothing': (name) => file(name, { more: ', storageClassName: ' }),
  'requests of nothing': (name) => file(name, { resources: '{requests: null}' }),
  'a size of nothing': (name) => file(name, { resources: '{requests: {storage: null}}' }),
  'resources of nothing': (name) => file(name, { resources: '' }),
  'nulls in fields that the definition keeps': (name) =>
    file(name, { more: ', volumeAttributesClassName: null, selector: null' }),
  'nulls in metadata': (name) =>
    file(name, {
      metadata: ', namespace: null, labels: null, annotations: null, creationTimestamp: null',
      claim: ', labels: null, annotations: {a: null}, creationTimestamp: null',
    }),
  'hooks of nothing': (name) =>
    file(name).replace('spec:\n', 'spec:\n  hooks: {preRestore: null, postRestore: null}\n  timeOut: null\n'),
  'an empty namespace': (name) => file(name, { metadata: ', namespace: ""' }),
  'a size as a number': (name) => file(name, { resources: '{requests: {storage: 2147483648}}' }),
  'a dataSourceRef': (name) => file(name, { source: `dataSourceRef: {${named()}}` }),
  'a dataSourceRef beside a dataSource of nothing': (name) =>
    file(name, { source: `dataSource: null, dataSourceRef: {${named()}}` }),
  'a dataSourceRef into the same namespace': (name) =>
    file(name, { source: `dataSourceRef: {${named()}, namespace: ${demo}}` }),
  'a dataSourceRef beside the same dataSource': (name) =>
    file(name, { source: `dataSource: {${named()}}, dataSourceRef: {${named()}}` }),
  'a List of one': (name) => list(file(name)),
  'a document of nothing beside it': (name) => `---\n# nothing\n---\n${file(name)}---\n`,
};

Object.entries(taken).forEach(([what, text], index) => {
  test(`restore -f takes ${what}`, async () => {
    const name = `taken-${index}`;
    const spec = await restored(name, text(name));
    assert.equal(spec.storageClassName, 'sandbox');
    assert.match(String(spec.resources?.requests?.storage), /^(?:2Gi|2147483648)$/);
    // The API server takes the same file.
    const created = await world.cluster.get(restoreSessions, name, demo);
    assert.equal(created.status?.phase, 'Succeeded');
  });
});

test('restore -f makes a name of a generateName', async () => {
  const text = file('made').replace('metadata: {name: made}\nspec', 'metadata: {generateName: made-}\nspec');
  const ran = await world.run(`restore -f - ${local}`, { stdin: text });
  assert.match(ran.out, /restoresession\/made-[0-9a-f]{5}\b/, ran.err);
  assert.equal(ran.code, 0);
});

const refused: Record<string, { readonly text: string; readonly why: RegExp }> = {
  'a dataSourceRef of another kind': {
    text: file('odd', { source: 'dataSourceRef: {kind: PersistentVolumeClaim, name: data}' }),
    why: /the dataSourceRef of claim template odd is a PersistentVolumeClaim of no apiGroup, not a VolumeSnapshot/,
  },
  'a dataSourceRef of another namespace': {
    text: file('odd', { source: `dataSourceRef: {${named()}, namespace: prod}` }),
    why: /dataSourceRef\.namespace is "prod", which is not the session's namespace/,
  },
  'a dataSourceRef that differs from the dataSource': {
    text: file('odd', { source: `dataSource: {${named()}}, dataSourceRef: {${named('other')}}` }),
    why: /dataSourceRef is refused: it is not the same as the dataSource/,
  },
  'an access mode that does not exist': {
    text: file('odd', { modes: '[ReadWriteTwice]' }),
    why: /the access mode "ReadWriteTwice", which is none of ReadWriteOnce,/,
  },
  'ReadWriteOncePod beside others': {
    text: file('odd', { modes: '[ReadWriteOncePod, ReadWriteMany]' }),
    why: /the access mode ReadWriteOncePod beside others/,
  },
  'a volumeMode that does not exist': {
    text: file('odd', { more: ', volumeMode: Tape' }),
    why: /the volumeMode "Tape", which is none of Filesystem, Block/,
  },
  'a negative size': {
    text: file('odd', { resources: '{requests: {storage: -1Gi}}' }),
    why: /a request of "-1Gi", which is no size/,
  },
  'no spec': {
    text: 'apiVersion: stash.appscode.com/v1beta1\nkind: RestoreSession\nmetadata: {name: odd}\nspec: null\n',
    why: /the driver is Restic, the default/,
  },
  'no metadata': {
    text: 'apiVersion: stash.appscode.com/v1beta1\nkind: RestoreSession\nmetadata: null\n',
    why: /metadata\.name must be the name of the session/,
  },
  'a label that is no text': {
    text: file('odd', { metadata: ', labels: {a: 1}' }),
    why: /metadata\.labels\.a must be a string, not 1/,
  },
  'a null in a list': {
    text: file('odd', { modes: '[null]' }),
    why: /accessModes\[0\] must be a string, not null/,
  },
};

for (const [what, { text, why }] of Object.entries(refused)) {
  test(`restore -f refuses ${what}, in words and before it writes`, async () => {
    const before = await world.census();
    const { code, err } = await world.run(`restore -f - ${local}`, { stdin: text });
    assert.equal(code, 2, err);
    assert.match(err, why);
    await checkAdvice(err);
    assert.deepEqual(await world.census(), before);
  });
}
