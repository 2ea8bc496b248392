/** The binary's entry point: loads the program's chunks from the binary, compiled in advance if possible. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getAssetKeys, getRawAsset } from 'node:sea';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

import { compiledCode, entryAsset, type ChunkFunction } from './assets.ts';

// In node_modules, as cmd/bundle.ts explains.
const importMetaUrl = pathToFileURL(join(dirname(process.execPath), 'node_modules/bundle.js')).href;
const builtin = createRequire(importMetaUrl);
const assets = new Set(getAssetKeys());
const loaded = new Map<string, { exports: unknown }>();

function load(name: string): unknown {
  if (!name.startsWith('./')) return builtin(name);
  const chunk = name.slice(2);
  const known = loaded.get(chunk);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(chunk, module);
  const compiled = compiledCode(chunk);
  const script = new Script(asset(chunk).toString('latin1'), {
    filename: chunk,
    // Node compiles the code itself if the cached code does not fit.
    ...(assets.has(compiled) && { cachedData: asset(compiled) }),
  });
  (script.runInThisContext() as ChunkFunction)(module.exports, load, module, importMetaUrl);
  return module.exports;
}

function asset(name: string): Buffer {
  return Buffer.from(getRawAsset(name));
}

load(`./${asset(entryAsset).toString('latin1')}`);
