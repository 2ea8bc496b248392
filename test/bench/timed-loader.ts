/**
 * Runs the program from precompiled chunks in a directory, as the binary's loader does, and prints as JSON on
 * stderr how much processor time each module took to load, without the modules that it loaded itself.
 * Arguments: the directory, then the program's own.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

import { compiledCode, entryAsset, type ChunkFunction } from '../../cmd/package/assets.ts';

export interface Timed {
  /** Processor time in milliseconds (as all times here) that Node used before the first line of this file. */
  readonly begin: number;
  /** Time of each module, in the order in which they finished. */
  readonly modules: readonly (readonly [name: string, milliseconds: number])[];
  /** When the last module was loaded. */
  readonly loaded: number;
  readonly end: number;
}

function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const begin = now();
const [directory = ''] = process.argv.splice(2, 1);
const url = pathToFileURL(process.execPath).href;
const builtin = createRequire(url);
const loaded = new Map<string, { exports: object }>();
const modules: [string, number][] = [];
let nested = 0;
let last = begin;

function load(name: string): unknown {
  const known = loaded.get(name);
  if (known) return known.exports;
  const outer = nested;
  nested = 0;
  const from = now();
  const exports: unknown = name.startsWith('./') ? run(name) : builtin(name);
  last = now();
  const took = last - from;
  modules.push([name, took - nested]);
  nested = outer + took;
  return exports;
}

function run(name: string): unknown {
  const module = { exports: {} };
  loaded.set(name, module);
  const script = new Script(readFileSync(join(directory, name), 'latin1'), {
    filename: name,
    cachedData: readFileSync(join(directory, compiledCode(name))),
  });
  (script.runInThisContext() as ChunkFunction)(module.exports, load, module, url);
  return module.exports;
}

process.on('exit', () => {
  process.stderr.write(JSON.stringify({ begin, modules, loaded: last, end: now() } satisfies Timed));
});
load(`./${readFileSync(join(directory, entryAsset), 'latin1')}`);
