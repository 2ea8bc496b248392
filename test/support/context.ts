import { Readable, Writable } from 'node:stream';

import type { Connection, ConnectionFlags, Context } from '#src/cli/context.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { berlin } from './berlin.ts';
import { manualClock } from './clock.ts';

export interface TestContextOptions {
  /** Default: a clock that stands still. */
  readonly clock?: Clock;
  /**
   * What `context.cluster()` connects to, as user `test` in namespace `-n` or `demo`. A function makes these
   * decisions itself.
   */
  readonly cluster?: Cluster | ((flags: ConnectionFlags) => Promise<Connection>);
  readonly columns?: number;
  readonly rows?: number;
  /** Whether stderr is a terminal. */
  readonly isTTY?: boolean;
  readonly outIsTTY?: boolean;
  /** Contents by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly stdin?: string;
  /** Default: the process's working directory. */
  readonly directory?: string;
}

export interface TestContext extends Context {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** Returns a Context that records its output. Without `cluster`, connecting fails the test. */
export function testContext(options: TestContextOptions = {}): TestContext {
  const clock = options.clock ?? manualClock();
  const out = collector();
  const err = collector();
  const { cluster, files = {} } = options;
  return {
    out: out.stream,
    err: err.stream,
    stdout: out.text,
    stderr: err.text,
    isTTY: options.isTTY ?? false,
    outIsTTY: options.outIsTTY ?? false,
    columns: options.columns ?? 80,
    rows: options.rows ?? 24,
    env: options.env ?? {},
    utcOffset: berlin,
    signal: options.signal ?? new AbortController().signal,
    in: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    inIsTTY: false,
    rawInput: () => () => undefined,
    onResize: () => undefined,
    directory: () => options.directory ?? process.cwd(),
    program: [process.execPath, 'cmd/kubectl-stash.ts'],
    now: () => clock.now(),
    sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
    readFile: (path) => {
      const text = files[path];
      if (text !== undefined) return Promise.resolve(text);
      const error = new Error(`ENOENT: no such file or directory, open '${path}'`);
      return Promise.reject(Object.assign(error, { code: 'ENOENT', path }));
    },
    cluster: (flags) => {
      if (cluster === undefined) return Promise.reject(new Error('this test must not connect'));
      if (typeof cluster === 'function') return cluster(flags);
      return Promise.resolve({ cluster, namespace: flags.namespace ?? 'demo', user: 'test' });
    },
  };
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}
