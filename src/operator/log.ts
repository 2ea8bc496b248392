/** One JSON object a line, for whoever collects logs. */
import type { Writable } from 'node:stream';

import { pino } from 'pino';

import type { Clock } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';

import type { Log } from './world.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LeveledLog extends Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export function createLog(out: Writable, level: LogLevel, clock: Clock): LeveledLog {
  // It writes to `out` itself: its own ways to files need threads, which a program in one file cannot start.
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${clock.now().toISOString()}"`,
      formatters: { level: (name) => ({ level: name }) },
    },
    out,
  );
  const at =
    (name: LogLevel): Log['info'] =>
    (message, fields = {}) => {
      logger[name](fields, message);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What a log line says of an error: its words; where it is none of ours, where it comes from too. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (error instanceof StashError) {
    const { kind, message, hint } = error;
    return { error: message, kind, ...(hint !== undefined && { hint }) };
  }
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
}
