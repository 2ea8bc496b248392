#!/usr/bin/env node
/**
 * The program's entry point, and the only module that uses the process: arguments, environment, signals, exit
 * code.
 */
import { readFile } from 'node:fs/promises';
import { isSea } from 'node:sea';
import { setTimeout } from 'node:timers/promises';
import { isatty } from 'node:tty';

import type { Connection, Context } from '#src/cli/context.ts';
import { reportError } from '#src/cli/report-error.ts';
import { run } from '#src/cli/run.ts';
import { systemReason } from '#src/cluster/system-reason.ts';
import { clientVersion } from '#src/cli/version.ts';
import { waitingWord } from '#src/cli/waiting-word.ts';
import { decodeText } from '#src/cluster/decode-text.ts';
import { serverClock } from '#src/cluster/server-clock.ts';
import { commands } from '#src/commands/index.ts';
import { StashError } from '#src/errors.ts';

async function main(): Promise<void> {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (signal.aborted) process.exit(130);
      interrupted.abort();
    });
  }
  process.on('uncaughtException', (error) => {
    process.exit(reportError(error, { err: process.stderr, signal, verbosity: 0 }));
  });
  // A failure to write must not stop the work, which may be a thaw. Either the reader has closed the pipe, as
  // `head` does, or stderr itself is broken, so there is no way to report it.
  process.stderr.on('error', () => undefined);
  let lost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || lost) return;
    lost = true;
    const message = `cannot write the output: ${systemReason(error)}`;
    const exitCode = reportError(new StashError('precondition', message, { cause: error }), {
      err: process.stderr,
      signal,
      verbosity: 0,
    });
    process.exitCode ||= exitCode;
  });

  const connections: Connection[] = [];
  let warn = (words: string): void => void process.stderr.write(`warning: ${words}\n`);
  const clock = serverClock({ now: () => new Date(), monotonic: () => performance.now(), sleep }, (words) => {
    warn(words);
  });
  const isTTY = isatty(process.stderr.fd);
  const context: Context = {
    out: process.stdout,
    err: process.stderr,
    isTTY,
    outIsTTY: isatty(process.stdout.fd),
    get columns() {
      return isTTY ? process.stderr.columns : 80;
    },
    get rows() {
      return isTTY ? process.stderr.rows : 24;
    },
    env: process.env,
    utcOffset: (time) => -time.getTimezoneOffset(),
    signal,
    get in() {
      return process.stdin;
    },
    inIsTTY: isatty(process.stdin.fd),
    rawInput: () => {
      process.stdin.setRawMode(true);
      return () => {
        process.stdin.setRawMode(false);
        process.stdin.pause();
      };
    },
    onResize: (listener, until) => {
      process.stdout.on('resize', listener);
      until.addEventListener('abort', () => void process.stdout.off('resize', listener), { once: true });
    },
    directory: () => process.cwd(),
    program: isSea() ? [process.execPath] : [process.execPath, ...process.argv.slice(1, 2)],
    ...clock,
    readFile: async (path) => decodeText(await readFile(path), { lossy: true }),
    cluster: async (flags, onWarning = warn) => {
      warn = onWarning;
      const { connect } = await import('#src/cluster/connect.ts');
      const connection = await connect(flags, process.env, {
        clock,
        version: clientVersion,
        signal,
        watchRequests: (server) => waitingWord(context, server, warn),
        warn: (words) => {
          warn(words);
        },
        stdinIsTerminal: isatty(process.stdin.fd),
      });
      connections.push(connection);
      return connection;
    },
  };
  const exitCode = await run(process.argv.slice(2), context, commands);
  if (exitCode !== 0) process.exitCode = exitCode;
  for (const { cluster } of connections) cluster.close();
}

/** A timer's limit. Waking early is harmless: code that sleeps until a deadline checks the clock again. */
const longestTimer = 2 ** 31 - 1;

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    // Node warns of a negative time.
    const delay = Math.min(Math.max(0, milliseconds), longestTimer);
    await setTimeout(delay, undefined, signal && { signal });
  } catch {
    // The sleep was aborted. A Clock promises no more than to return.
  }
}

void main();
