/** A reconciler that only records its calls. */
import type { Key, Reconciler } from '#src/operator/reconciler.ts';
import type { ReconcilerFactory } from '#src/operator/run-operator.ts';

export interface Look {
  readonly id: string;
  readonly name: string;
}

/** Reconciles BackupConfigurations; `reconcile` determines the result. */
export function looking(
  looks: Look[],
  reconcile: (key: Key, signal: AbortSignal) => Promise<number | undefined> = () =>
    Promise.resolve(undefined),
): ReconcilerFactory {
  return ({ caches, id }): Reconciler => ({
    name: 'looking',
    reads: ['configurations'],
    reconcile: (key, signal) => {
      looks.push({ id, name: key.name });
      return reconcile(key, signal);
    },
    triggers(enqueue) {
      caches.configurations.onChange(({ metadata: { namespace = '', name } }) => {
        enqueue({ namespace, name });
      });
    },
  });
}
