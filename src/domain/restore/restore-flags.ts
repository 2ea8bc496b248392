/** The flags of `restore`, kept on its session for the command that goes on with it. */
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { flag, type FlagWord } from '#src/domain/command-line.ts';
import { readJson } from '#src/domain/json.ts';

/** Others could change what a pasted command does: any user who writes sessions can write the annotation. */
const kept: readonly unknown[] = [
  '--only',
  '--suffix',
  '--claim',
  '--storage-class',
  '--strip-label',
  '--method',
  '--before',
];

/** The value of the annotation that `readFlags` reads. */
export function formatFlags(flags: readonly FlagWord[]): string {
  return JSON.stringify(flags.map(({ flag, value }) => [flag, value]));
}

/** Without what is malformed. */
export function readFlags({ metadata }: RestoreSession): FlagWord[] {
  const pairs = readJson(metadata.annotations?.[annotation.restoreFlags]);
  if (!Array.isArray(pairs)) return [];
  return (pairs as unknown[]).flatMap((pair) => {
    const [name, value] = Array.isArray(pair) ? (pair as unknown[]) : [];
    return typeof name === 'string' && kept.includes(name) && typeof value === 'string'
      ? flag(name, value)
      : [];
  });
}
