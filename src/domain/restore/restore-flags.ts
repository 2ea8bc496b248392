/** Records the flags of `restore` on its session, for the command that continues it. */
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { flag, type FlagWord } from '#src/domain/command-line.ts';
import { readJson } from '#src/domain/json.ts';

/**
 * Only these flags: any user who may write sessions can write the annotation, and other flags could change what a
 * pasted command does.
 */
const kept: readonly unknown[] = [
  '--only',
  '--suffix',
  '--claim',
  '--storage-class',
  '--strip-label',
  '--method',
  '--before',
];

/** Returns the value of the annotation that `readFlags` reads. */
export function formatFlags(flags: readonly FlagWord[]): string {
  return JSON.stringify(flags.map(({ flag, value }) => [flag, value]));
}

/** Reads the flags. Leaves out malformed entries. */
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
