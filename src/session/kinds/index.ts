/** Every kind of session, in the order in which a name without a kind is looked up. */
import type { AnySession } from '#src/api/stash.ts';

import type { SessionKind } from '../kind.ts';
import { backup } from './backup.ts';
import { restore } from './restore.ts';

/** What a command needs that takes a session of any kind. */
export type AnyKind = Pick<
  SessionKind<AnySession, never>,
  | 'words'
  | 'resource'
  | 'jobName'
  | 'hookRecord'
  | 'hookState'
  | 'targetOf'
  | 'resumeCommand'
  | 'verdict'
  | 'watch'
>;

export const sessionKinds = [backup, restore] as readonly AnyKind[];
