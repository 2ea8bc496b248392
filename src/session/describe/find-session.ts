/** Finds the sessions that a command line names, by their own name or by their workload. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { parseTarget } from '#src/domain/arguments/target-arguments.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';

import { sessionKinds, type AnyKind } from '#src/session/kinds/index.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

export type WantedSession =
  /** `kinds` are in the order in which they are tried. */
  | { readonly name: string; readonly kinds: readonly AnyKind[] }
  | { readonly target: Pick<Target, 'kind' | 'name'> };

export interface FoundSession {
  readonly kind: AnyKind;
  readonly object: Stored<AnySession>;
}

/** `backupsession`, `BackupSessions`, `restoresession.stash.appscode.com`; undefined for other words. */
export function sessionKindOf(word: string): AnyKind | undefined {
  const [type = ''] = word.toLowerCase().split('.');
  return sessionKinds.find(({ words: { name, resource } }) =>
    [resource.kind.toLowerCase(), resource.plural, name].includes(type),
  );
}

/** `NAME`, `backupsession/NAME`, `restoresession.stash.appscode.com/NAME`, `deploy/NAME`. Throws 'usage'. */
export function parseWanted(word: string): WantedSession {
  const slash = word.indexOf('/');
  const name = word.slice(slash + 1);
  if (name === '')
    throw new StashError('usage', `"${word}" is not the name of a session`, { hint: 'kubectl stash list' });
  if (slash < 0) return { name, kinds: sessionKinds };
  const kind = sessionKindOf(word.slice(0, slash));
  return kind === undefined ? { target: parseTarget(word) } : { name, kinds: [kind] };
}

/** Returns the sessions of this name, in the order of their kinds. */
export async function sessionsNamed(
  cluster: Cluster,
  { name, kinds }: Extract<WantedSession, { readonly name: string }>,
  namespace: string,
): Promise<FoundSession[]> {
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const object = await find(cluster, kind.resource, { name, namespace });
      return object === undefined ? [] : [{ kind, object }];
    }),
  );
  return found.flat();
}

/** Reads the sessions of the workload or claim, oldest first. */ export async function sessionsOfTarget(
  cluster: Cluster,
  target: Pick<Target, 'kind' | 'name'>,
  namespace: string,
): Promise<FoundSession[]> {
  const lists = await Promise.all(
    sessionKinds.map(async (kind) => {
      const { items } = await cluster.list(kind.resource, { namespace });
      return items.map((object) => ({ kind, object }));
    }),
  );
  return ofTarget(lists.flat(), target);
}

/** Selects the sessions of the workload or claim, oldest first. */ export function ofTarget(
  sessions: readonly FoundSession[],
  target: Pick<Target, 'kind' | 'name'>,
): FoundSession[] {
  const named = formatTarget(target);
  const created = ({ object }: FoundSession) => object.metadata.creationTimestamp;
  return sessions
    .filter(({ kind, object }) => {
      const of = kind.targetOf(object);
      return of !== undefined && formatTarget(of) === named;
    })
    .toSorted((a, b) => created(a).localeCompare(created(b)));
}

/** Throws 'not-found', also if the namespace does not exist. */
export async function refuseNotFound(
  cluster: Cluster,
  wanted: WantedSession,
  namespace: string,
): Promise<never> {
  await readerOf(cluster, namespace).namespaceExists();
  const what = 'target' in wanted ? `session of ${formatTarget(wanted.target)}` : `session "${wanted.name}"`;
  throw new StashError('not-found', `no ${what} in namespace ${namespace}`, {
    hint: commandLine`kubectl get backupsessions,restoresessions -n ${namespace}`,
  });
}
