/**
 * `run-suite.ts` runs this in the namespaces of a real node: `$NODE_RUN` is a RealRun as JSON,
 * `$NODE_RESULTS` the file for the results.
 */
import { writeFile } from 'node:fs/promises';

import { findPrograms } from './programs.ts';
import { testOnReal, type RealRun } from './on-real.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    stopping.abort();
  });
}

const run = JSON.parse(process.env['NODE_RUN'] ?? '') as RealRun;
const programs = await findPrograms(process.env, say, { node: true });
const results = await testOnReal(run, { programs, signal: stopping.signal, say });
await writeFile(process.env['NODE_RESULTS'] ?? '', JSON.stringify(results));
