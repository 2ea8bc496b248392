/** How sessions ended: on stdout what was done, as an error what was not. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { combineErrors } from '#src/domain/combine-errors.ts';
import type { Progress, Verdict } from '#src/domain/session/progress.ts';
import { verdictError } from '#src/domain/session/verdict-error.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { verdictLine } from '#src/report/verdict-line.ts';

import type { Context } from './context.ts';
import { oneOrMany, printObjects, type ObjectFormat } from './output.ts';

/** What became of several sessions side by side; anything but a StashError is thrown at once. */
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

/** All results, or one error that tells of everything that went wrong. */
export async function allOrErrors<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const { done, errors } = await settleAll(work);
  const error = combineErrors(errors);
  if (error) throw error;
  return done;
}

/** Throws where one of the sessions did not succeed; the others are printed before. */
export async function printEnds(
  work: readonly Promise<Progress>[],
  options: {
    readonly context: Context;
    readonly cluster: Cluster;
    readonly format: ObjectFormat | undefined;
    /** Before the first line is printed. */
    readonly close: () => void;
  },
): Promise<void> {
  const { context, cluster, format, close } = options;
  const began = context.now();
  const objects = new Map<Progress, Promise<KubernetesObject>>();
  const ended = work.map(async (one) => {
    const progress = await one;
    // Read at once: until the last one has ended, its history may be cut.
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
    for (const progress of done) {
      if (progress.verdict?.outcome === 'succeeded')
        context.out.write(verdictLine(progress, progress.verdict, took));
    }
  } else {
    const read = await settleAll(done.flatMap((progress) => objects.get(progress) ?? []));
    errors.push(...read.errors);
    if (read.done.length > 0) await printObjects(context.out, format, oneOrMany(read.done));
  }
  const error = combineErrors([...failures, ...errors]);
  if (error) throw error;
}

/** A session without a verdict has not ended: that must never pass for success. */
function verdictOf({ session, verdict }: Progress): Verdict {
  if (verdict === undefined) throw new StashError('bug', `${session} has no verdict`);
  return verdict;
}

function readSession(cluster: Cluster, { kind, session, namespace }: Progress): Promise<KubernetesObject> {
  return cluster.get(kind.resource, session, namespace);
}
