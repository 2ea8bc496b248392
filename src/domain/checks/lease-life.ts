/** Judges whether the holder of a Lease still renews it. */
import type { Lease, Stored } from '#src/api/kubernetes.ts';

/** Leaders renew every few seconds; the rest of the minute allows for clocks that differ. */
const silentAfterMs = 60_000;

/** Milliseconds since the last renewal; infinite if the leader has released its Lease. */
export function silentFor({ spec = {} }: Stored<Lease>, now: Date): number {
  const { holderIdentity = '', renewTime = '' } = spec;
  return holderIdentity === '' ? Infinity : now.getTime() - Date.parse(renewTime);
}

export function isRenewed(lease: Stored<Lease>, now: Date): boolean {
  return silentFor(lease, now) <= silentAfterMs && !isAhead(lease, now);
}

/**
 * Whether renewTime is in the future: the clock of the leader is then wrong, and the Lease does not show whether the
 * leader lives.
 */
export function isAhead(lease: Stored<Lease>, now: Date): boolean {
  return silentFor(lease, now) < -silentAfterMs;
}
