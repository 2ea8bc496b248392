/** A container's termination message: the file that it wrote for the purpose, else the end of its log. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Container } from '#src/api/kubernetes.ts';

/** How many bytes the kubelet reads from the end of the file and of the log. */
const mostOfFile = 4096;
const mostOfLog = 2048;
const linesOfLog = 80;

export interface TerminationMessage {
  /** The file's path in the container. */
  readonly mountPath: string;
  /** The file's path on this machine. */
  readonly file: string;
  /** Resolves with undefined if there is no message. `logFile`: the container's whole output. */
  read(exitCode: number, logFile: string | undefined): Promise<string | undefined>;
}

/** Prepares an empty file for one start. */
export async function openTerminationMessage(
  { name, terminationMessagePath = '/dev/termination-log', terminationMessagePolicy }: Container,
  directory: string,
  restarts: number,
): Promise<TerminationMessage> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, `${name}.${restarts}.message`);
  await writeFile(file, '');
  return {
    mountPath: terminationMessagePath,
    file,
    async read(exitCode, logFile) {
      const written = lastBytes(await readFile(file), mostOfFile);
      if (written !== '') return written;
      const wantsLog = terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0;
      if (!wantsLog || logFile === undefined) return undefined;
      return lastBytes(lastLines(await readFile(logFile)), mostOfLog) || undefined;
    },
  };
}

function lastBytes(bytes: Buffer, most: number): string {
  return bytes.subarray(Math.max(0, bytes.length - most)).toString();
}

function lastLines(log: Buffer): Buffer {
  // The last line's own line break separates no two lines.
  let start = log.length - 1;
  for (let lines = 0; lines < linesOfLog; lines += 1) {
    if (start <= 0) return log;
    start = log.lastIndexOf('\n', start - 1);
    if (start < 0) return log;
  }
  return log.subarray(start + 1);
}
