/** What a container leaves to be told of its end: what it wrote into a file for that, else the end of its log. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Container } from '#src/api/kubernetes.ts';

/** As much as the kubelet reads from the end of the file, and of the log. */
const mostOfFile = 4096;
const mostOfLog = 2048;
const linesOfLog = 80;

export interface TerminationMessage {
  /** As the container sees the file. */
  readonly mountPath: string;
  /** Where it is. */
  readonly file: string;
  /** Undefined: there is nothing to tell. `logFile`: all that the container wrote. */
  read(exitCode: number, logFile: string | undefined): Promise<string | undefined>;
}

/** For one start, with an empty file. */
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
  // The end of the last line is none between two.
  let start = log.length - 1;
  for (let lines = 0; lines < linesOfLog; lines += 1) {
    if (start <= 0) return log;
    start = log.lastIndexOf('\n', start - 1);
    if (start < 0) return log;
  }
  return log.subarray(start + 1);
}
