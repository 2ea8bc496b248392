/** Claims in the namespace of one file's tests. */
import assert from 'node:assert/strict';

import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims } from '#src/api/resources.ts';
import type { Answer } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import type { OpenApi } from './open-api.ts';

export type Claim = Stored<PersistentVolumeClaim>;

/** A real controller looks again at what it does not watch every 15 seconds, and a real node takes its time. */
export const patience = 150_000;

export interface Claims {
  /** Of the default class and one gigabyte, unless `spec` says otherwise. */
  readonly claim: (name: string, spec?: object) => Promise<Answer>;
  /** Undefined if there is none of this name. */
  readonly untilClaim: (
    name: string,
    satisfied: (claim: Claim | undefined) => boolean,
  ) => Promise<Claim | undefined>;
  readonly bound: (name: string) => Promise<Claim>;
  /**
   * Resolves when the controllers have seen all earlier changes of claims, since they have seen a later one: a claim that
   * is created and deleted here. All controllers of the kube-controller-manager learn of claims from one watch.
   */
  readonly controllersSee: () => Promise<void>;
}

export function claimSpec(storageClassName: string) {
  return {
    accessModes: ['ReadWriteOnce'],
    storageClassName,
    resources: { requests: { storage: '1Gi' } },
  };
}

export function claimsOf(api: OpenApi): Claims {
  const { server, namespace } = api;
  const untilClaim: Claims['untilClaim'] = async (name, satisfied) => {
    const scope = { namespace, fieldSelector: `metadata.name=${name}` };
    const look = ([it]: Claim[]) => satisfied(it);
    const [found] = await until(server.cluster, persistentVolumeClaims, scope, look, patience);
    return found;
  };
  const claims = api.at('v1', 'persistentvolumeclaims');
  const claim: Claims['claim'] = async (name, spec = {}) => {
    const answer = await api.send('POST', claims, {
      metadata: { name },
      spec: { ...claimSpec(server.storageClass), ...spec },
    });
    assert.equal(answer.code, 201);
    return answer;
  };
  let later = 0;
  return {
    claim,
    untilClaim,
    async controllersSee() {
      later += 1;
      const name = `later-${later}`;
      await claim(name);
      await api.send('DELETE', `${claims}/${name}`);
      await untilClaim(name, (it) => it === undefined);
    },
    bound: async (name) => {
      const found = await untilClaim(name, (it) => it?.status?.phase === 'Bound');
      assert.ok(found);
      return found;
    },
  };
}
