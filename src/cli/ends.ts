/** Prints how sessions ended: successes on stdout, failures as one error. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { combineErrors } from '#src/domain/combine-errors.ts';
import type { Progress, Verdict } from '#src/domain/session/progress.ts';
import { verdictError } from '#src/domain/session/verdict-error.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { verdictLine, type Existence } from '#src/report/verdict-line.ts';

import type { Context } from './context.ts';
import { oneOrMany, printObjects, type ObjectFormat } from './output.ts';

/** Waits for all of `work`; returns its results and its StashErrors. Throws any other error. */
export async function settleAll<T>(
  work: readonly Promise<T>[],
): Promise<{ readonly done: T[]; readonly errors: StashError[] }> {
  const done: T[] = [];
  const errors: StashError[] = [];
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'fulfilled') done.push(result.value);
    else if (isStashError(result.reason)) errors.push(result.reason);
    else throw result.reason;
  }
  return { done, errors };
}

/** Returns all results, or throws one error that combines all failures. */
export async function allOrErrors<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const { done, errors } = await settleAll(work);
  throwAll(errors);
  return done;
}

/** Where the command has done its work for other objects, it exits with 1, whatever was wrong with these. */
export function ofSome(errors: readonly StashError[]): StashError[] {
  return errors.map(
    (error) => new StashError('precondition', error.message, { hint: error.hint, cause: error }),
  );
}

/** Throws one error that combines these, if there are any. */
export function throwAll(errors: readonly StashError[]): void {
  const error = combineErrors(errors);
  if (error) throw error;
}

/** Prints the sessions that succeeded, then throws if any did not. */
export async function printEnds(
  work: readonly Promise<Progress>[],
  options: {
    readonly context: Context;
    readonly cluster: Cluster;
    readonly format: ObjectFormat | undefined;
    /** What was refused before any session began. */
    readonly refused?: readonly StashError[];
    /** Called before the first line is printed. */
    readonly close: () => void;
  },
): Promise<void> {
  const { context, cluster, format, refused = [], close } = options;
  const began = context.now();
  const objects = new Map<Progress, Promise<KubernetesObject>>();
  const ended = work.map(async (one) => {
    const progress = await one;
    // Read at once: the history limit may delete this session before the last session ends.
    if (format !== undefined) {
      const object = readSession(cluster, progress);
      object.catch(() => undefined);
      objects.set(progress, object);
    }
    return progress;
  });
  const { done, errors } = await settleAll(ended).finally(close);
  const took = context.now().getTime() - began.getTime();
  const failures = done.flatMap((progress) => verdictError(progress, verdictOf(progress)) ?? []);
  if (format === undefined) {
    const lines = done.map(async (progress) => {
      if (progress.verdict?.outcome !== 'succeeded') return '';
      const workload = await workloadOf(cluster, progress);
      return verdictLine(progress, progress.verdict, { workload, tookMs: took });
    });
    context.out.write((await Promise.all(lines)).join(''));
  } else {
    const read = await settleAll(done.flatMap((progress) => objects.get(progress) ?? []));
    errors.push(...read.errors);
    if (read.done.length > 0) await printObjects(context.out, format, oneOrMany(read.done));
  }
  throwAll([...failures, ...errors, ...refused]);
}

/** Throws for a session that has not ended, which must never count as success. */
function verdictOf({ session, verdict }: Progress): Verdict {
  if (verdict === undefined) throw new StashError('bug', `${session} has no verdict`);
  return verdict;
}

function readSession(cluster: Cluster, { kind, session, namespace }: Progress): Promise<KubernetesObject> {
  return cluster.get(kind.resource, session, namespace);
}

async function workloadOf(cluster: Cluster, { kind, target }: Progress): Promise<Existence> {
  if (target === undefined || !kind.withoutWorkload || target.kind === 'PersistentVolumeClaim')
    return 'exists';
  try {
    await cluster.get(targetTypes[target.kind].resource, target.name, target.namespace);
    return 'exists';
  } catch (error) {
    // The session has succeeded, whatever becomes of this request.
    return isStashError(error, 'not-found') ? 'missing' : 'unknown';
  }
}
