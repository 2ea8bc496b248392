/** Builds the commands that bring an unfinished restore in place to an end, for messages. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { isCommand } from '#src/domain/command-line.ts';

import { goOnCommand, undoCommand } from './in-place-command.ts';

interface Way {
  /** `to go on`, `to go back` */
  readonly to: string;
  readonly command: string;
}

/** Returns only one way if the session already goes back. */
export function waysOn(session: Stored<RestoreSession>): readonly Way[] {
  const { name, namespace = '' } = session.metadata;
  const goOn = { to: 'to go on', command: goOnCommand(session) };
  const isBack = goOn.command.startsWith('kubectl stash undo ');
  return isBack ? [goOn] : [goOn, { to: 'to go back', command: undoCommand(name, namespace) }];
}

/** Formats the ways for the hint of an error: each command on a line of its own. */
export function hintOf(ways: readonly Way[]): string {
  return ways.flatMap(({ to, command }) => [`${to}:`, command]).join('\n');
}

/** Formats the ways for a message of one line. Leaves out commands that cannot be shown. */
export function inOneLine(ways: readonly Way[]): string {
  return ways
    .filter(({ command }) => isCommand(command))
    .map(({ to, command }) => `; ${to}: ${command}`)
    .join('');
}
