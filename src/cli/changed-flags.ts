/** Finds the flags that the user has changed, for messages about flags that do not go together. */
import { parseDuration } from '#src/domain/duration.ts';
import { assertNever } from '#src/errors.ts';

import type { Flag, Flags } from './command.ts';
import { longName } from './tokens.ts';

/** In the order of the declaration, as the user writes them: `-f`, `--only`, `--wait=false`. */
export function changedFlags<F extends Flags>(
  flags: F,
  values: { readonly [K in keyof F]: unknown },
): string[] {
  return Object.entries(flags).flatMap(([name, flag]) =>
    isChanged(flag, values[name]) ? [spelling(name, flag)] : [],
  );
}

function isChanged(flag: Flag, value: unknown): boolean {
  switch (flag.type) {
    case 'string[]':
      return (value as readonly string[]).length > 0;
    case 'boolean':
      return value !== (flag.default ?? false);
    case 'duration':
      return value !== (flag.default === undefined ? undefined : parseDuration(flag.default));
    case 'string':
    case 'number':
      return value !== flag.default;
    default:
      return assertNever(flag);
  }
}

function spelling(name: string, flag: Flag): string {
  if (flag.type === 'boolean' && flag.default === true) return `--${longName(name)}=false`;
  return flag.alias === undefined ? `--${longName(name)}` : `-${flag.alias}`;
}
