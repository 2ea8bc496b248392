/** Decides whether a BackupSession may begin. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { readRecord } from '#src/domain/in-place/record.ts';
import { swapsClaims } from '#src/domain/in-place/unfinished-swap.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { createdAt, isFinal } from '#src/domain/session/session-status.ts';

export interface AdmissionWorld {
  readonly now: Date;
  readonly session: Stored<BackupSession>;
  readonly configuration: Stored<BackupConfiguration> | undefined;
  /** Other sessions of the same invoker. */
  readonly siblings: readonly Stored<BackupSession>[];
  /** The unfinished restore in place that prevents new snapshots of the target. */
  readonly swap: Stored<RestoreSession> | undefined;
}

export type Gate =
  | { readonly do: 'skip'; readonly why: string }
  | { readonly do: 'wait'; readonly until: Date | undefined; readonly why: string };

/** The watch may deliver a session before its configuration. */
const configurationComesWithinMs = 30_000;

/** Returns undefined if the session may begin. */
export function admit(world: AdmissionWorld): Gate | undefined {
  const { session, configuration, swap, now } = world;
  const name = `backupconfiguration/${session.spec.invoker.name}`;
  if (configuration === undefined) {
    const until = new Date(createdAt(session).getTime() + configurationComesWithinMs);
    const why = `${name} does not exist`;
    return now >= until ? { do: 'skip', why } : { do: 'wait', until, why };
  }
  const { metadata, status } = configuration;
  if (metadata.deletionTimestamp !== undefined) return { do: 'skip', why: `${name} is being deleted` };
  const other = whyBlocked(world);
  if (other !== undefined) return { do: 'skip', why: other };
  // A session that the restore in place itself waits for may begin.
  if (swap !== undefined && readRecord(swap)?.before !== session.metadata.name)
    return { do: 'skip', why: swapsClaims(swap) };
  if (status?.phase === undefined || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return { do: 'wait', until: undefined, why: `${name} has not been reconciled yet` };
  }
  if (status.phase !== 'Ready')
    return { do: 'skip', why: `${name} is ${status.phase}${whyNot(configuration)}` };
  return undefined;
}

function whyNot({ status }: BackupConfiguration): string {
  const told = status?.conditions?.find((condition) => condition.status !== 'True');
  const why = conditionWords(told);
  return why === undefined ? '' : `: ${why}`;
}

/** Why an unfinished session of the same invoker goes first: it has begun, or is older. Undefined if there is none. */
function whyBlocked({ session, siblings }: AdmissionWorld): string | undefined {
  const unfinished = siblings.filter(
    (sibling) => !isFinal(sibling) && sibling.metadata.deletionTimestamp === undefined,
  );
  const first = unfinished.find((sibling) => isUnderWay(sibling) || isOlder(sibling, session));
  if (first === undefined) return undefined;
  return `backupsession/${first.metadata.name} of the same backupconfiguration is unfinished`;
}

function isUnderWay(session: Stored<BackupSession>): boolean {
  return session.status?.phase !== undefined || readHolder(session) !== undefined;
}

function isOlder(a: Stored<BackupSession>, b: Stored<BackupSession>): boolean {
  const difference = createdAt(a).getTime() - createdAt(b).getTime();
  return difference < 0 || (difference === 0 && a.metadata.name < b.metadata.name);
}
