/** Prints the progress of a copy. */
import { formatDuration } from '#src/domain/duration.ts';
import { formatSize } from '#src/domain/quantity.ts';

export interface Transfer {
  readonly files: number;
  readonly bytes: number;
  /** Undefined if not known. */
  readonly total: number | undefined;
  readonly elapsedMs: number;
}

const barWidth = 24;

/** `[########----------------]  33% 1.2Gi of 3.6Gi, 12 files, 120Mi/s, 20s left` */
export function transferLine({ files, bytes, total, elapsedMs }: Transfer): string {
  const rate = elapsedMs < 1_000 ? 0 : (bytes / elapsedMs) * 1_000;
  const speed = rate > 0 ? [`${formatSize(rate)}/s`] : [];
  if (total === undefined || total === 0) return [formatSize(bytes), counted(files), ...speed].join(', ');
  const share = Math.min(1, bytes / total);
  const full = Math.floor(share * barWidth);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${String(Math.floor(share * 100)).padStart(3)}%`;
  const left = rate > 0 && share < 1 ? [`${formatDuration(((total - bytes) / rate) * 1_000)} left`] : [];
  return [`${bar} ${formatSize(bytes)} of ${formatSize(total)}`, counted(files), ...speed, ...left].join(
    ', ',
  );
}

/** `12 files (3.4Gi)` */
export function transferred({ files, bytes }: Pick<Transfer, 'files' | 'bytes'>): string {
  return `${counted(files)} (${formatSize(bytes)})`;
}

function counted(files: number): string {
  return files === 1 ? '1 file' : `${files} files`;
}
