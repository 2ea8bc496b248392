/**
 * Who of several operators works: the one that holds the Lease, by the rules of client-go. Clocks of two machines are
 * never compared: a candidate judges by how long it has itself seen the same Lease.
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
  /** Of the Lease. */
  readonly namespace: string;
  readonly name: string;
  /** Of this candidate; no two are the same. */
  readonly id: string;
  /** Told each time that it did not work out, other than that somebody else leads. */
  readonly onTrouble: (error: unknown) => void;
  /** 0 to 1. */
  readonly random?: () => number;
}

export interface Leadership {
  /** Aborts, with a StashError as its reason, before anybody else can begin to lead. */
  readonly lost: AbortSignal;
  /** Ends the term, so that the next one need not wait until the Lease has run out. */
  release(): Promise<void>;
}

const leaseSeconds = 15;
/** Without a renewal for so long, we lead no more. */
const renewDeadlineMs = 10_000;
const retryMs = 2_000;

/** Resolves as soon as we lead; undefined: `signal` aborted first. */
export async function acquireLeadership(
  options: ElectionOptions,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const { clock, id, onTrouble, random = Math.random } = options;
  const store = leaseStore(options);
  /** `since`: by what nobody sets, else another's Lease would be over as soon as somebody sets the clock forward. */
  let seen: { readonly lease: Stored<Lease> | undefined; readonly since: number } | undefined;
  const isOver = () => signal.aborted;
  while (!isOver()) {
    const sent = momentOf(clock);
    try {
      const lease = await store.read();
      const before = seen?.lease;
      // A Lease that somebody deleted ends nobody's term at once.
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

/** When what was seen is over, in the observer's own time. */
function runsOut({ lease, since }: { lease: Stored<Lease> | undefined; since: number }, id: string): number {
  const { holderIdentity = '', leaseDurationSeconds = leaseSeconds } = lease?.spec ?? {};
  const isFree = holderIdentity === '' || holderIdentity === id;
  return isFree ? -Infinity : since + leaseDurationSeconds * 1000;
}

/** The one clock can be set, the other may stand still while the machine sleeps. */
interface Moment {
  readonly wall: number;
  readonly steady: number;
}

function momentOf(clock: Clock): Moment {
  const wall = clock.now().getTime();
  return { wall, steady: clock.monotonic?.() ?? wall };
}

/** Renews from now on. `sent`: when the request was sent that made us the leader. */
function lead(options: ElectionOptions, store: LeaseStore, held: Stored<Lease>, sent: Moment): Leadership {
  const { clock, id, onTrouble } = options;
  const lost = new AbortController();
  const over = new AbortController();
  let lease = held;
  let renewed = sent;

  /** By the clock that says less: rather too early no leader than too late. */
  const left = () => {
    const { wall, steady } = momentOf(clock);
    return renewDeadlineMs - Math.max(wall - renewed.wall, steady - renewed.steady);
  };

  const lose = (why: string) => {
    if (!over.signal.aborted) lost.abort(new StashError('conflict', `we lead no more: ${why}`));
    over.abort();
  };

  const renew = async () => {
    const at = momentOf(clock);
    try {
      lease = await store.write(lease, id);
      renewed = at;
    } catch (error) {
      if (isStashError(error, 'not-found')) lose('the Lease was deleted');
      else if (isStashError(error, 'conflict')) await lookAgain();
      else onTrouble(error);
    }
  };

  /** Our own write may have gone through without an answer. */
  const lookAgain = async () => {
    const current = await store.read().catch(() => lease);
    const holder = current?.spec?.holderIdentity;
    if (current !== undefined && holder === id) lease = current;
    else lose(holder === undefined || holder === '' ? 'the Lease was taken away' : `${holder} leads`);
  };

  const renewals = async () => {
    // The first one comes at once: what made us the leader may have been long on its way.
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
      // Best effort: where it fails, the Lease runs out by itself.
      await store.write(lease, '').catch(onTrouble);
    },
  };
}

interface LeaseStore {
  /** Undefined: there is none. */
  read(): Promise<Stored<Lease> | undefined>;
  /** For us. Rejects where somebody else was faster. */
  create(): Promise<Stored<Lease>>;
  /** On top of `lease`, or it rejects with a conflict. An empty holder: given back. */
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
