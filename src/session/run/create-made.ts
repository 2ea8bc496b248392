/** Creates the objects of a session, each one once, however often the executor asks. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Loop } from '#src/cluster/loop.ts';
import type { Observed } from '#src/cluster/observe.ts';
import { deadlineOf } from '#src/domain/session/session-status.ts';
import type { Made } from '#src/domain/session/step.ts';
import { isStashError, type StashError } from '#src/errors.ts';

import type { Environment } from '#src/session/environment.ts';
import type { Held } from '#src/session/holding/held.ts';
import type { MadeRules } from '#src/session/kind.ts';
import { isFinalRefusal, persist, type Patience } from '#src/session/persist.ts';

/** How many creations are in flight at once. */
const createsInFlight = 32;

export interface Maker {
  /** Resolves when each object exists or has been refused for good. When `signal` aborts, gives up the others. */
  readonly create: (made: readonly Made[], signal: AbortSignal) => Promise<void>;
  /** Returns why creations are being retried. */
  readonly notes: () => string[];
}

export interface MakerTask<S extends AnySession> {
  readonly held: Held<S>;
  readonly loop: Loop;
  readonly made: Observed<KubernetesObject>;
  /** By claim: why its object can never be created. The maker adds to it. */
  readonly refused: Map<string, string>;
  /** Claims for which another session has the object's first name. The maker adds to it. */
  readonly taken: Set<string>;
  readonly rules: MadeRules<S>;
  /** Called before each request to create an object. */
  readonly onAsk: () => void;
  readonly onTrouble: () => void;
}

export function createMaker<S extends AnySession>(
  environment: Environment,
  { held, loop, made, refused, taken, rules, onAsk, onTrouble }: MakerTask<S>,
): Maker {
  const { cluster } = environment;
  const trouble = new Map<Made, string>();

  const within = (signal: AbortSignal) => ({ ...environment, signal });

  const adopt = async ({ claim, resource, object: { metadata } }: Made, patience: Patience) => {
    const { name, namespace } = metadata;
    const existing = await persist(
      within(loop.signal),
      () => cluster.get(resource, name, namespace),
      patience,
    );
    made.learn(existing);
    if (rules.isOf(existing, held.session())) return;
    const why = rules.taken(name, taken.has(claim));
    if (why === undefined) taken.add(claim);
    else refused.set(claim, why);
  };

  const create = async (item: Made, signal: AbortSignal) => {
    const { claim, resource, object } = item;
    onAsk();
    const { name } = object.metadata;
    if (made.deleted.has(name)) {
      refused.set(claim, rules.deleted(name));
      return;
    }
    const patience = {
      until: deadlineOf(held.session()),
      onTrouble: ({ message }: Pick<StashError, 'message'>) => {
        trouble.set(item, message);
        onTrouble();
      },
    };
    try {
      made.learn(await persist(within(signal), () => cluster.create(resource, object), patience));
    } catch (error) {
      if (isStashError(error, 'already-exists')) await adopt(item, patience);
      else if (isFinalRefusal(error)) refused.set(claim, error.message);
      else throw error;
    } finally {
      trouble.delete(item);
    }
  };

  return {
    create: async (items, signal) => {
      for (const round of inOrder(items)) {
        const possible = round.filter(({ claim }) => !refused.has(claim));
        await forEachBounded(possible, createsInFlight, (item) => create(item, signal));
      }
    },
    notes: () => [...trouble.values()],
  };
}

/** Sorts the objects into rounds: an object comes in a later round than the object that it needs. */
function inOrder(items: readonly Made[]): Made[][] {
  const depth = ({ after }: Made): number => (after === undefined ? 0 : depth(after) + 1);
  return [...Map.groupBy(items, depth)].sort(([a], [b]) => a - b).map(([, round]) => round);
}
