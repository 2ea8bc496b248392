/** Every kind of session, in the order in which a command looks up a bare session name. */
import type { AnySession } from '#src/api/stash.ts';

import type { SessionKind } from '../kind.ts';
import { backup } from './backup.ts';
import { restore } from './restore.ts';

/** What a command needs to work with a session of any kind. */
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
