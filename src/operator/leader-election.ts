/**
 * Leader election with a Lease, by the rules of client-go: of several replicas only the leader reconciles. Clocks of
 * two machines are never compared: a candidate measures how long it has itself observed the same Lease.
 */
import type { Lease, Stored } from '#src/api/kubernetes.ts';
import { leases } from '#src/api/resources.ts';
import { find } from '#src/cluster/find.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import { isStashError, StashError } from '#src/errors.ts';

export interface ElectionOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Namespace of the Lease. */
  readonly namespace: string;
  readonly name: string;
  /** Identity of this candidate; unique among the replicas. */
  readonly id: string;
  /** Called with each error of a request, except the conflict that tells that another candidate was faster. */
  readonly onTrouble: (error: unknown) => void;
  /** Returns 0 to 1, for jitter. */
  readonly random?: () => number;
}

export interface Leadership {
  /** Aborts, with a StashError as its reason, before another candidate can become the leader. */
  readonly lost: AbortSignal;
  /** Gives the Lease back, so that the next leader need not wait until it expires. */
  release(): Promise<void>;
}

const leaseSeconds = 15;
/** A leader that has not renewed the Lease for this long steps down. */
const renewDeadlineMs = 10_000;
const retryMs = 2_000;

/** Resolves once this candidate is the leader; with undefined if `signal` aborts first. */
export async function acquireLeadership(
  options: ElectionOptions,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const { clock, id, onTrouble, random = Math.random } = options;
  const store = leaseStore(options);
  /** `since`: by the monotonic clock; by the wall clock, setting it forward would make another's Lease expire early. */
  let seen: { readonly lease: Stored<Lease> | undefined; readonly since: number } | undefined;
  const isOver = () => signal.aborted;
  while (!isOver()) {
    const sent = momentOf(clock);
    try {
      const lease = await store.read();
      const before = seen?.lease;
      // A deleted Lease does not end the leader's term at once: wait as long as for the Lease seen last.
      const isSame =
        lease === undefined || before?.metadata.resourceVersion === lease.metadata.resourceVersion;
      const { steady } = momentOf(clock);
      if (seen === undefined || !isSame) seen = { lease, since: steady };
      if (runsOut(seen, id) <= steady) {
        const held = lease === undefined ? await store.create() : await store.write(lease, id);
        return lead(options, store, held, sent);
      }
    } catch (error) {
      if (!isOver() && !isStashError(error, 'conflict', 'already-exists')) onTrouble(error);
    }
    await clock.sleep(retryMs * (1 + random() / 5), signal);
  }
  return undefined;
}

/** When the observed Lease expires, in milliseconds of the observer's monotonic clock. */
function runsOut({ lease, since }: { lease: Stored<Lease> | undefined; since: number }, id: string): number {
  const { holderIdentity = '', leaseDurationSeconds = leaseSeconds } = lease?.spec ?? {};
  const isFree = holderIdentity === '' || holderIdentity === id;
  return isFree ? -Infinity : since + leaseDurationSeconds * 1000;
}

/** Milliseconds by both clocks: the wall clock can be set, the monotonic clock may stop while the machine sleeps. */
interface Moment {
  readonly wall: number;
  readonly steady: number;
}

function momentOf(clock: Clock): Moment {
  const wall = clock.now().getTime();
  return { wall, steady: clock.monotonic?.() ?? wall };
}

/** Renews the Lease from now on. `sent`: when the request was sent that acquired it. */
function lead(options: ElectionOptions, store: LeaseStore, held: Stored<Lease>, sent: Moment): Leadership {
  const { clock, id, onTrouble } = options;
  const lost = new AbortController();
  const over = new AbortController();
  let lease = held;
  let renewed = sent;

  /** Milliseconds left of the term, by the clock that leaves less: stepping down early is safe, late is not. */
  const left = () => {
    const { wall, steady } = momentOf(clock);
    return renewDeadlineMs - Math.max(wall - renewed.wall, steady - renewed.steady);
  };

  const lose = (why: string) => {
    if (!over.signal.aborted) lost.abort(new StashError('conflict', `leadership lost: ${why}`));
    over.abort();
  };

  const renew = async () => {
    const at = momentOf(clock);
    try {
      lease = await store.write(lease, id);
      renewed = at;
    } catch (error) {
      if (isStashError(error, 'not-found')) lose('the Lease was deleted');
      else if (isStashError(error, 'conflict')) await resolveConflict();
      else onTrouble(error);
    }
  };

  /** After a conflict: an earlier renewal may have succeeded although its response was lost. */
  const resolveConflict = async () => {
    const current = await store.read().catch(() => lease);
    const holder = current?.spec?.holderIdentity;
    if (current !== undefined && holder === id) lease = current;
    else lose(holder === undefined || holder === '' ? 'the Lease was taken away' : `${holder} leads`);
  };

  const renewals = async () => {
    // The first renewal follows at once: the request that acquired the Lease may have taken long.
    for (;;) {
      if (over.signal.aborted) return;
      if (left() <= 0) break;
      await orUntil(clock, after(clock, left()), renew());
      await clock.sleep(Math.min(retryMs, Math.max(0, left())), over.signal);
    }
    lose(`the Lease could not be renewed for ${renewDeadlineMs / 1000}s`);
  };
  const renewing = renewals();

  return {
    lost: lost.signal,
    async release() {
      over.abort();
      await renewing;
      if (lost.signal.aborted) return;
      // Best effort: if this fails, the Lease expires.
      await store.write(lease, '').catch(onTrouble);
    },
  };
}

interface LeaseStore {
  /** Resolves with undefined if the Lease does not exist. */
  read(): Promise<Stored<Lease> | undefined>;
  /** Creates the Lease with this candidate as its holder; rejects with 'already-exists' if another was faster. */
  create(): Promise<Stored<Lease>>;
  /** Updates `lease`; rejects with 'conflict' if it has changed since. An empty `holder` gives it back. */
  write(lease: Stored<Lease>, holder: string): Promise<Stored<Lease>>;
}

function leaseStore({ cluster, clock, namespace, name, id }: ElectionOptions): LeaseStore {
  const now = () => clock.now().toISOString().replace('Z', '000Z');
  return {
    read: () => find(cluster, leases, { name, namespace }),
    create: () =>
      cluster.create(leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace },
        spec: {
          holderIdentity: id,
          leaseDurationSeconds: leaseSeconds,
          acquireTime: now(),
          renewTime: now(),
          leaseTransitions: 0,
        },
      }),
    write(lease, holder) {
      const { holderIdentity = '', leaseTransitions = 0 } = lease.spec ?? {};
      const isNew = holder !== '' && holderIdentity !== holder;
      return cluster.patch(leases, lease.metadata, {
        metadata: { resourceVersion: lease.metadata.resourceVersion },
        spec: {
          holderIdentity: holder,
          leaseDurationSeconds: holder === '' ? 1 : leaseSeconds,
          renewTime: now(),
          ...(isNew && { acquireTime: now(), leaseTransitions: leaseTransitions + 1 }),
        },
      });
    },
  };
}
