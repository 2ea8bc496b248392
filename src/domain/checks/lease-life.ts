/** Whether the process that a Lease names still renews it. */
import type { Lease, Stored } from '#src/api/kubernetes.ts';

/** Leaders renew every few seconds; the rest allows for clocks that differ. */
const silentAfterMs = 60_000;

/** Milliseconds since the last renewal; infinite if the leader gave its Lease back. */
export function silentFor({ spec = {} }: Stored<Lease>, now: Date): number {
  const { holderIdentity = '', renewTime = '' } = spec;
  return holderIdentity === '' ? Infinity : now.getTime() - Date.parse(renewTime);
}

export function isRenewed(lease: Stored<Lease>, now: Date): boolean {
  return silentFor(lease, now) <= silentAfterMs && !isAhead(lease, now);
}

/** Its time is in the future: the clock of its leader is wrong, and it does not tell whether the leader lives. */
export function isAhead(lease: Stored<Lease>, now: Date): boolean {
  return silentFor(lease, now) < -silentAfterMs;
}
