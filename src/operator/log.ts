/** The operator's log: one JSON object on each line. */
import type { Writable } from 'node:stream';

import { pino } from 'pino';

import type { Clock } from '#src/domain/clock.ts';
import { escapeInvisible } from '#src/domain/visible-json.ts';
import { StashError } from '#src/errors.ts';

import type { Log } from './world.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LeveledLog extends Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export function createLog(out: Writable, level: LogLevel, clock: Clock): LeveledLog {
  // pino writes to `out` directly: its transports need worker threads, which a single-file program cannot start.
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${clock.now().toISOString()}"`,
      formatters: { level: (name) => ({ level: name }) },
    },
    { write: (line) => out.write(escapeInvisible(line)) },
  );
  const at =
    (name: LogLevel): Log['info'] =>
    (message, fields = {}) => {
      logger[name](fields, message);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The fields of a log line about an error: kind, message and hint of a StashError, message and stack of any other. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (error instanceof StashError) {
    const { kind, message, hint } = error;
    return { error: message, kind, ...(hint !== undefined && { hint }) };
  }
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
}
