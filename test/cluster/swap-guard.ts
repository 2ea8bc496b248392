/** Watches a restore in place from outside, and tells what must never be seen. */
import type { PersistentVolume, Pod, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumes, pods } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

/** Exit code of a container that finds different generations in its volumes. */
export const mixed = 9;

export interface SwapGuard {
  /** Everything that was seen and must not be. Resolves once both watches have ended. */
  stop(): Promise<string[]>;
}

/** From the present pods and volumes of the namespace on. */
export async function guardSwap(cluster: Cluster, namespace: string): Promise<SwapGuard> {
  const stop = new AbortController();
  const seen = new Set<string>();
  const volumes = new Map<string, Stored<PersistentVolume>>();
  const running = new Map<string, Stored<Pod>>();
  const old = new Set((await cluster.list(pods, { namespace })).items.map(({ metadata }) => metadata.uid));

  const seeVolume = (volume: Stored<PersistentVolume>) => {
    const { claimRef, persistentVolumeReclaimPolicy: policy } = volume.spec;
    if (claimRef?.namespace !== namespace) return;
    const { name } = volume.metadata;
    volumes.set(name, volume);
    const phase = volume.status?.phase ?? '';
    if (['Available', 'Released', 'Failed'].includes(phase) && policy !== 'Retain')
      seen.add(`volume ${name} is ${phase} with policy ${policy ?? ''}`);
  };
  const loseVolume = (name: string) => {
    if (volumes.delete(name)) seen.add(`volume ${name} was deleted`);
  };
  const seePod = (pod: Stored<Pod>) => {
    const { name, uid } = pod.metadata;
    running.set(name, pod);
    const states = (pod.status?.containerStatuses ?? []).flatMap(({ state, lastState }) => [
      state,
      lastState,
    ]);
    if (states.some((state) => state?.terminated?.exitCode === mixed))
      seen.add(`pod ${name} found different generations in its volumes`);
    const isOn = states.some((state) => state?.running !== undefined);
    const before = [...running.values()].find(({ metadata }) => old.has(metadata.uid));
    if (isOn && !old.has(uid) && before)
      seen.add(`pod ${name} runs while ${before.metadata.name} is still there`);
  };

  const watchVolumes = async () => {
    for await (const event of cluster.watch(persistentVolumes, {}, stop.signal)) {
      if (event.type === 'changed') seeVolume(event.object);
      if (event.type === 'deleted') loseVolume(event.object.metadata.name);
      if (event.type !== 'listed') continue;
      const names = new Set(event.items.map(({ metadata }) => metadata.name));
      [...volumes.keys()].filter((name) => !names.has(name)).forEach(loseVolume);
      event.items.forEach(seeVolume);
    }
  };
  const watchPods = async () => {
    for await (const event of cluster.watch(pods, { namespace }, stop.signal)) {
      if (event.type === 'changed') seePod(event.object);
      if (event.type === 'deleted') running.delete(event.object.metadata.name);
      if (event.type !== 'listed') continue;
      running.clear();
      for (const pod of event.items) running.set(pod.metadata.name, pod);
      event.items.forEach(seePod);
    }
  };
  const watching = Promise.all([watchVolumes(), watchPods()]);
  watching.catch(() => undefined);
  return {
    async stop() {
      stop.abort();
      await watching;
      return [...seen];
    },
  };
}
