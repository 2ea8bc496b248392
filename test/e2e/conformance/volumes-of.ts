/** Volumes of the claims of one file's tests. Volumes are cluster-scoped: a test deletes the ones that it keeps. */
import assert from 'node:assert/strict';

import type { Event, PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { events, persistentVolumes } from '#src/api/resources.ts';
import type { Answer } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { claimsOf, patience } from './claims-of.ts';
import type { OpenApi } from './open-api.ts';
import { jsonPatch, mergePatch } from './requests.ts';

export type Volume = Stored<PersistentVolume>;

export const volumes = '/api/v1/persistentvolumes';
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** The provisioner's finalizer, which it removes from a volume with policy Retain. */
export const provisioners = 'external-provisioner.volume.kubernetes.io/finalizer';

export interface Volumes {
  /** Undefined if there is none of this name. */
  readonly untilVolume: (
    name: string,
    satisfied: (volume: Volume | undefined) => boolean,
  ) => Promise<Volume | undefined>;
  readonly inPhase: (name: string, phase: string) => Promise<Volume>;
  /** Merges into the volume's spec. */
  readonly patchVolume: (name: string, spec: object) => Promise<void>;
  /**
   * Resolves with the name of a Released volume, with policy Retain, of a claim that has been deleted. The provisioner is
   * done with it.
   */
  readonly released: (claim: string) => Promise<string>;
  /** Resolves with the name of a volume that is Available for the next claim of that name. */
  readonly reserved: (name: string) => Promise<string>;
  /** Reserves a Released volume for the next claim of that name, if `uid` is that of its former claim. */
  readonly reserve: (volume: Volume, name: string, uid?: string) => Promise<Answer>;
  /** Deletes a volume that is Released or reserved. */
  readonly discard: (volume: string) => Promise<void>;
  /**
   * Resolves with the message of an Event about a volume, or about an object in the namespace. `words`: other messages
   * may have the same reason.
   */
  readonly untilEvent: (about: string, reason: string, words?: RegExp) => Promise<string>;
}

export function volumesOf(api: OpenApi): Volumes {
  const { server, namespace } = api;
  const { claim, bound } = claimsOf(api);
  let staged = 0;

  const untilVolume: Volumes['untilVolume'] = async (name, satisfied) => {
    const scope = { fieldSelector: `metadata.name=${name}` };
    const look = ([it]: Volume[]) => satisfied(it);
    const [found] = await until(server.cluster, persistentVolumes, scope, look, patience);
    return found;
  };

  const inPhase: Volumes['inPhase'] = async (name, phase) => {
    const found = await untilVolume(name, (it) => it?.status?.phase === phase);
    assert.ok(found);
    return found;
  };

  const patchVolume: Volumes['patchVolume'] = async (name, spec) => {
    const answer = await api.send('PATCH', `${volumes}/${name}`, { spec }, mergePatch);
    assert.equal(answer.code, 200);
  };

  const released: Volumes['released'] = async (name) => {
    await claim(name);
    const { volumeName = '' } = (await bound(name)).spec;
    await patchVolume(volumeName, { persistentVolumeReclaimPolicy: 'Retain' });
    await untilVolume(volumeName, (it) => it?.metadata.finalizers?.includes(provisioners) === false);
    await api.send('DELETE', api.at('v1', 'persistentvolumeclaims', name));
    await inPhase(volumeName, 'Released');
    return volumeName;
  };

  const reserve: Volumes['reserve'] = ({ metadata, spec }, name, uid = spec.claimRef?.uid) => {
    const patch = [
      { op: 'test', path: '/spec/claimRef/uid', value: uid },
      { op: 'replace', path: '/spec/claimRef/name', value: name },
      { op: 'remove', path: '/spec/claimRef/uid' },
      { op: 'remove', path: '/spec/claimRef/resourceVersion' },
      ...(metadata.annotations?.[boundByController] === undefined
        ? []
        : [{ op: 'remove', path: `/metadata/annotations/${boundByController.replace('/', '~1')}` }]),
    ];
    return api.send('PATCH', `${volumes}/${metadata.name}`, patch, jsonPatch);
  };

  return {
    untilVolume,
    inPhase,
    patchVolume,
    released,
    reserve,
    async reserved(name) {
      staged += 1;
      const volume = await inPhase(await released(`staged-${staged}`), 'Released');
      const answer = await reserve(volume, name);
      assert.equal(answer.code, 200);
      await inPhase(volume.metadata.name, 'Available');
      return volume.metadata.name;
    },
    async discard(name) {
      // The policy Delete has no effect on an Available volume, so it gets the UID of a claim that is gone.
      const claimRef = { uid: 'of-no-claim' };
      await patchVolume(name, { persistentVolumeReclaimPolicy: 'Delete', claimRef });
      await untilVolume(name, (it) => it === undefined);
    },
    async untilEvent(about, reason, words = /./) {
      const isIt = ({ involvedObject, reason: given, message = '' }: Event): boolean =>
        involvedObject.name === about &&
        (involvedObject.namespace ?? namespace) === namespace &&
        given === reason &&
        words.test(message);
      // Events about volumes, which are cluster-scoped, are in `default`.
      const all = await until(server.cluster, events, {}, (seen) => seen.some(isIt), patience);
      return all.find(isIt)?.message ?? '';
    },
  };
}
