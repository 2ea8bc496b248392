/** Whether a snapshot of the subject would begin, as far as the facts tell. Checks propose one only then. */
import { appscode } from './appscode.ts';
import type { Facts, Subject } from './check.ts';
import { claims } from './claims.ts';
import { drivers } from './drivers.ts';
import { snapshotClasses } from './snapshot-classes.ts';
import { targetExists } from './target-exists.ts';

const needed = [targetExists, claims, drivers, snapshotClasses, appscode];

/** The collections that a check which uses this function has to list. */
export const snapshotLists = needed.flatMap(({ lists = [] }) => lists);

export function canSnapshot(facts: Facts, subject: Subject): boolean {
  const mayNot = facts.missing.get('snapshot') ?? [];
  if (mayNot.length > 0) return false;
  return needed.every(({ find }) => find(facts, subject).every(({ level }) => level !== 'fail'));
}
