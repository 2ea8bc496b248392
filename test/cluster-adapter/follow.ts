/** Reads a watch on the scripted API and records its events. */
import assert from 'node:assert/strict';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { pods } from '#src/api/resources.ts';
import type { Limits } from '#src/cluster/limits.ts';
import type { WatchEvent } from '#src/cluster/port.ts';

import { adapter, fastClock } from './adapter.ts';
import { stateOf, type ScriptedApi } from './scripted-api.ts';

export interface Follower extends Disposable {
  readonly types: string[];
  readonly slept: number[];
  readonly events: WatchEvent<Pod>[];
  /** Reads until `name` has the server's version. Resolves with the versions of all known objects. */
  until(name: string): Promise<Record<string, string>>;
  next(): Promise<WatchEvent<Pod> | undefined>;
  stop(): Promise<void>;
}

export function follow(api: ScriptedApi, limits: Partial<Limits> = {}): Follower {
  const clock = fastClock();
  const stopped = new AbortController();
  const cluster = adapter(api.url, { clock, limits });
  const iterator = cluster.watch(pods, { namespace: 'demo' }, stopped.signal)[Symbol.asyncIterator]();
  const known = new Map<string, Stored<Pod>>();
  const events: WatchEvent<Pod>[] = [];
  async function next(): Promise<WatchEvent<Pod> | undefined> {
    const result = await iterator.next();
    if (result.done === true) return undefined;
    const { value } = result;
    events.push(value);
    if (value.type === 'listed') {
      known.clear();
      for (const item of value.items) known.set(item.metadata.name, item);
    } else if (value.type === 'changed') known.set(value.object.metadata.name, value.object);
    else if (value.type === 'deleted') known.delete(value.object.metadata.name);
    return value;
  }
  return {
    slept: clock.slept,
    events,
    next,
    get types() {
      return events.map(({ type }) => type);
    },
    async until(name) {
      const arrived = () => {
        const version = api.versionOf(name);
        return version !== undefined && known.get(name)?.metadata.resourceVersion === version;
      };
      while (!arrived()) {
        if (!(await next())) throw new Error('the watch ended');
      }
      return stateOf(known.values());
    },
    [Symbol.dispose]() {
      stopped.abort();
    },
    async stop() {
      stopped.abort();
      assert.equal(await next(), undefined);
      cluster.close();
    },
  };
}
