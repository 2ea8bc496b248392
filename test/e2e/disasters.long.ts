/** Types the commands of `docs/disasters`, in the state that each section describes, and compares output and data. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { suite, test, type TestContext } from 'node:test';

import {
  persistentVolumes,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  type Resource,
} from '#src/api/resources.ts';
import { isStashError } from '#src/errors.ts';

import { missingLine, readGuide } from './guide.ts';
import { missingKubectl } from './kubectl.ts';
import { openPlace } from './place.ts';
import { startServer } from './server.ts';
import { openShell } from './terminal.ts';

const pages = resolve(import.meta.dirname, '../../docs/disasters');
const server = await startServer();
const { cluster } = server;

type Type = (command: string) => Promise<string>;

interface Walk {
  /** Brings about the disaster. Before it, the workload exists and has written `order 2` since its restore point. */
  readonly disaster?: (type: Type) => Promise<unknown>;
  /** In this order: what is read before the disaster, and after it. */
  readonly before?: readonly string[];
  readonly reads: readonly string[];
  /** The administrator types. Otherwise a developer of the namespace with all optional rights. */
  readonly administrator?: true;
  /** What the application has in the end. */
  readonly has: string;
}

/** `PAGE: HEADING` of each section with commands; `PAGE` alone for commands before its first heading. */
const sections = await readSections();

const old = 'order 1\n';
const all = 'order 1\norder 2\n';
const prepared = ['prepare: Keep the data when a snapshot', 'prepare: Save what points at the data'];

const walks: Readonly<Record<string, Walk>> = {
  'before the loss': {
    reads: ['prepare: Know what is covered', ...prepared, 'prepare: Practise'],
    administrator: true,
    has: all,
  },
  'the workload is deleted': {
    disaster: (type) => type('kubectl delete deployment shop --timeout=60s'),
    reads: ['workload-deleted', 'workload-deleted: Its claims are still there'],
    has: all,
  },
  'the workload and its claims are deleted': {
    async disaster(type) {
      await retainVolume(type);
      await type('kubectl delete -f manifests/ --timeout=60s');
    },
    reads: ['workload-deleted', 'workload-deleted: Its claims are gone, and their volumes'],
    has: all,
  },
  'the workload, its claims and its volumes are deleted': {
    disaster: (type) => type('kubectl delete -f manifests/ --timeout=60s'),
    reads: ['workload-deleted', 'workload-deleted: Its volumes are gone'],
    has: old,
  },
  'a file is wrong': { reads: ['one-file: Get it back'], has: old },
  'the data is wrong': {
    reads: ['data-corrupted: Keep', 'data-corrupted: Put'],
    has: old,
  },
  'the namespace is deleted, and points.yaml is there': {
    before: prepared,
    disaster: (type) => type('kubectl delete namespace bakery --timeout=120s'),
    reads: ['namespace-deleted: See', 'namespace-deleted: With the list'],
    administrator: true,
    has: all,
  },
  'the namespace is deleted, and points.yaml is not': {
    before: ['prepare: Keep the data when a snapshot'],
    disaster: (type) => type('kubectl delete namespace bakery --timeout=120s'),
    reads: ['namespace-deleted: See', 'namespace-deleted: Without that list'],
    administrator: true,
    has: all,
  },
  'the node of a volume does not exist': {
    disaster: loseNode,
    reads: ['node-lost: Where is the data', 'node-lost: Restore elsewhere'],
    administrator: true,
    has: old,
  },
  'the cluster is lost': {
    before: prepared,
    async disaster(type) {
      await type('kubectl delete namespace bakery --timeout=120s');
      // With Retain, this deletes the objects and leaves the data: as a new API server, this one knows nothing of it.
      await type(
        `kubectl delete volumesnapshotcontents $(kubectl get volumesnapshotcontents -o jsonpath='{.items[?(@.spec.volumeSnapshotRef.namespace=="bakery")].metadata.name}') --timeout=60s`,
      );
    },
    reads: ['cluster-lost: Bring', 'cluster-lost: Restore, then create'],
    administrator: true,
    has: all,
  },
};

const retainVolume = (type: Type) =>
  type(
    `kubectl patch persistentvolume $(kubectl get persistentvolumeclaim shop-data -o jsonpath='{.spec.volumeName}') -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
  );

/** Puts a volume whose only node does not exist in the place of the claim's. */
async function loseNode(type: Type): Promise<void> {
  const spec = async (kind: string, name: string, path: string) =>
    type(`kubectl get ${kind} ${name} -o jsonpath='{.spec.${path}}'`);
  const storageClass = await spec('persistentvolumeclaim', 'shop-data', 'storageClassName');
  const volume = await spec('persistentvolumeclaim', 'shop-data', 'volumeName');
  const driver = await spec('persistentvolume', volume, 'csi.driver');
  await type('kubectl delete -f manifests/ --timeout=60s');
  const lost = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'bakery-lost', annotations: { 'pv.kubernetes.io/provisioned-by': driver } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      csi: { driver, volumeHandle: 'bakery-lost' },
      claimRef: { namespace: 'bakery', name: 'shop-data' },
      storageClassName: storageClass,
      persistentVolumeReclaimPolicy: 'Delete',
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'kubernetes.io/hostname', operator: 'In', values: ['stash-lost-node'] },
              ],
            },
          ],
        },
      },
    },
  };
  await type(`cat <<'JSON' | kubectl create -f -\n${JSON.stringify(lost)}\nJSON`);
  await type('kubectl apply -f manifests/');
  await type(
    `kubectl wait persistentvolumeclaim/shop-data --for=jsonpath='{.status.phase}'=Bound --timeout=60s`,
  );
}

const manifest = `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: shop-data
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 1Gi
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels: { app: shop }
  template:
    metadata:
      labels: { app: shop }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: busybox
          image: busybox
          command: ["/bin/sh", "-c", "[ -e /data/orders ] || echo 'order 1' > /data/orders; sleep 3000"]
          volumeMounts:
            - name: data
              mountPath: /data
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: shop-data
`;

test('each section with commands is typed', () => {
  const typed = Object.values(walks).flatMap(({ before = [], reads }) =>
    [...before, ...reads].map(sectionOf),
  );
  assert.deepEqual([...new Set(typed)].sort(), [...sections.keys()].sort());
});

await suite('disasters', { concurrency: 4, skip: missingKubectl() }, async () => {
  for (const [name, walk] of Object.entries(walks)) {
    test(name, async (t) => {
      const type = await openBakery(t, walk);
      await stockShop(type);
      await read(type, walk.before ?? []);
      await walk.disaster?.(type);
      await read(type, walk.reads);
      assert.equal(await type('kubectl exec deployment/shop -n bakery -- cat /data/orders'), walk.has);
    });
  }
  await Promise.resolve();
});

/** A shell in a namespace of its own, which takes the place of `bakery` in all commands and all output. */
async function openBakery(t: TestContext, { administrator }: Walk): Promise<Type> {
  const rights = administrator ? {} : { hooksAndDeletions: true, files: true, inPlace: true };
  const { namespace, developer } = await openPlace(t, server, rights);
  const named = (text: string) =>
    text.replaceAll(/\bbakery\b/g, namespace).replaceAll(/\bretained\b/g, `${namespace}-retained`);
  const type = await openShell(t, server, { namespace, developer: administrator ? undefined : developer });
  t.after(() => giveUpData(namespace));
  return async (command) => {
    const output = await type(named(command));
    return output.replaceAll(`${namespace}-retained`, 'retained').replaceAll(namespace, 'bakery');
  };
}

async function stockShop(type: Type): Promise<void> {
  await type(`mkdir manifests && cat <<'YAML' > manifests/shop.yaml\n${manifest}YAML`);
  await type('kubectl apply -f manifests/');
  await type('kubectl rollout status deployment/shop --timeout=120s');
  await type("kubectl exec deployment/shop -- sh -c 'until [ -s /data/orders ]; do sleep 0.1; done'");
  await type('kubectl stash snapshot deployment/shop');
  await type("kubectl exec deployment/shop -- sh -c 'echo order 2 >> /data/orders; sync'");
}

async function read(type: Type, names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const { command, expected } of readGuide(sections.get(sectionOf(name)) ?? '')) {
      const output = await type(command);
      const missing = missingLine(expected, output);
      assert.equal(missing, undefined, `$ ${command}\n${output}\nlacks: ${missing ?? ''}`);
    }
  }
}

/** The only section that begins with these words. */
function sectionOf(name: string): string {
  const found = [...sections.keys()].filter((each) =>
    name.includes(':') ? each.startsWith(name) : each === name,
  );
  assert.equal(found.length, 1, `${name}: ${found.join(', ')}`);
  return found[0] ?? '';
}

async function readSections(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const file of await readdir(pages)) {
    const markdown = await readFile(join(pages, file), 'utf8');
    const page = file.replace(/\.md$/, '');
    for (const [index, section] of markdown.split(/^## /m).entries()) {
      if (readGuide(section).length === 0) continue;
      found.set(index === 0 ? page : `${page}: ${section.split('\n', 1)[0] ?? ''}`, section);
    }
  }
  return found;
}

/** Lets the driver delete what the walk has retained, after the namespace has gone. */
async function giveUpData(namespace: string): Promise<void> {
  const discard = async (resource: Resource, name: string) => {
    await cluster.delete(resource, { name }).catch((error: unknown) => {
      if (!isStashError(error, 'not-found')) throw error;
    });
  };
  for (const { metadata, spec } of (await cluster.list(volumeSnapshotContents)).items) {
    if (spec.volumeSnapshotRef.namespace !== namespace) continue;
    await cluster.patch(volumeSnapshotContents, metadata, { spec: { deletionPolicy: 'Delete' } });
    await discard(volumeSnapshotContents, metadata.name);
  }
  for (const { metadata, spec } of (await cluster.list(persistentVolumes)).items) {
    if (spec.claimRef?.namespace !== namespace) continue;
    await cluster.patch(persistentVolumes, metadata, { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
  }
  await discard(persistentVolumes, `${namespace}-lost`);
  await discard(volumeSnapshotClasses, `${namespace}-retained`);
}
