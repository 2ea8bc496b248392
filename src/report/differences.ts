/** Prints how files of the present volume differ from those of a restore point. */
import type { Aspect, Difference, FileFacts } from '#src/domain/files/difference.ts';
import { formatSize } from '#src/domain/quantity.ts';
import { assertNever } from '#src/errors.ts';

/** Returns what has changed since the restore point: `changed  /etc/app.conf  1.2Ki -> 1.3Ki`. */
export function differenceLine(difference: Difference): string {
  const { change, path } = difference;
  const shown = `/${path.toString()}`;
  const line = (name: string, words?: string) =>
    [change.padEnd('changed'.length), name, ...(words === undefined ? [] : [words])].join('  ');
  switch (change) {
    case 'added':
      return line(named(shown, difference.live), sizeOf(difference.live));
    case 'removed':
      return line(named(shown, difference.restored), sizeOf(difference.restored));
    case 'changed':
      return line(shown, changedWords(difference));
    case 'unknown':
      return line(shown, difference.why);
    default:
      return assertNever(change);
  }
}

/** Returns the same for `-o json` and `-o yaml`. */
export function differenceValue(difference: Difference): object {
  const { path, ...rest } = difference;
  const facts = (of: FileFacts) => ({
    ...{ kind: of.kind, size: of.size },
    ...(of.modified > 0 && { modified: new Date(of.modified).toISOString() }),
    ...(of.link !== undefined && { link: of.link }),
  });
  return {
    path: `/${path.toString()}`,
    ...rest,
    ...('restored' in rest && { restored: facts(rest.restored) }),
    ...('live' in rest && { live: facts(rest.live) }),
  };
}

export type Counts = Readonly<Record<Difference['change'], number>>;

/** `2 added, 1 removed, 3 changed`, or `no difference`. */
export function countsLine(counts: Counts): string {
  const parts = (['added', 'removed', 'changed', 'unknown'] as const)
    .filter((change) => counts[change] > 0)
    .map((change) => `${counts[change]} ${change}`);
  return parts.length === 0 ? 'no difference' : parts.join(', ');
}

function named(path: string, { kind, link }: FileFacts): string {
  if (kind === 'directory') return `${path}/`;
  return link === undefined ? path : `${path} -> ${link}`;
}

function sizeOf({ kind, size }: FileFacts): string | undefined {
  return kind === 'file' ? formatSize(size) : undefined;
}

function changedWords({
  by,
  restored,
  live,
}: {
  readonly by: Aspect;
  readonly restored: FileFacts;
  readonly live: FileFacts;
}): string {
  switch (by) {
    case 'kind':
      return `${restored.kind} -> ${live.kind}`;
    case 'size':
      return formatSize(restored.size) === formatSize(live.size)
        ? `${restored.size} -> ${live.size} bytes`
        : `${formatSize(restored.size)} -> ${formatSize(live.size)}`;
    case 'link':
      return `-> ${restored.link ?? ''}, now -> ${live.link ?? ''}`;
    case 'time':
      return `${time(restored.modified)} -> ${time(live.modified)}`;
    case 'contents':
      return 'other contents of the same size';
    default:
      return assertNever(by);
  }
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
