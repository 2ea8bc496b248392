/** Writes flags and their values as words of a command line, for commands in hints. */
import { flag as flagWord, type FlagWord } from '#src/domain/command-line.ts';

import type { Flag } from './command.ts';
import { longName } from './tokens.ts';

type TextFlag = Flag & { readonly type: 'string' | 'string[]' };

/** In the order of the declaration, without flags that have no value. */
export function writeFlags<F extends Readonly<Record<string, TextFlag>>>(
  flags: F,
  values: { readonly [K in keyof F]?: string | readonly string[] | undefined },
): FlagWord[] {
  return Object.entries(flags).flatMap(([name, flag]) => {
    const written = `--${longName(name)}`;
    const given = [values[name] ?? []].flat();
    if (given.length === 0) return [];
    return flag.type === 'string[]' && flag.commas === true
      ? [flagWord(written, given.join(','))]
      : given.map((value) => flagWord(written, value));
  });
}
