/** The binary's chunks: some are loaded only when needed. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { Script } from 'node:vm';

import type { KubeConfig } from '@kubernetes/client-node';

import type { ChunkFunction } from '../../cmd/package/assets.ts';
import { bundleChunks, type Chunks } from '../../cmd/package/chunks.ts';
import { program } from '../../cmd/package/release.ts';

const builtin = createRequire(import.meta.url);
let bundled: Chunks;
before(async () => {
  bundled = await bundleChunks(program);
});

/** Loads chunks as the binary does, and adds their names to `loaded`. */
function loader(loaded: Set<string>): (name: string) => unknown {
  const modules = new Map<string, { exports: object }>();
  const load = (name: string): unknown => {
    if (!name.startsWith('./')) return builtin(name);
    const chunk = name.slice(2);
    const known = modules.get(chunk);
    if (known) return known.exports;
    const code = bundled.chunks.find((each) => each.name === chunk)?.code;
    assert(code !== undefined, `no chunk ${chunk}`);
    const module = { exports: {} };
    modules.set(chunk, module);
    loaded.add(chunk);
    (new Script(code).runInThisContext() as ChunkFunction)(module.exports, load, module, import.meta.url);
    return module.exports;
  };
  return load;
}

test('modules that few kubeconfigs need are loaded only for those', async () => {
  const configChunk = bundled.chunks.find(({ name }) => /^config-/.test(name));
  assert(configChunk);
  const loaded = new Set<string>();
  const { KubeConfig: Config } = loader(loaded)(`./${configChunk.name}`) as { KubeConfig: typeof KubeConfig };
  const withProxy = async (proxyUrl?: string) => {
    const config = new Config();
    const cluster = {
      name: 'c',
      server: 'https://10.0.0.1',
      skipTLSVerify: false,
      ...(proxyUrl !== undefined && { proxyUrl }),
    };
    config.loadFromClusterAndUser(cluster, { name: 'u', token: 't' });
    const options: { agent?: { constructor: { name: string } } | undefined } = {};
    await config.applyToHTTPSOptions(options as never);
    return options.agent?.constructor.name;
  };
  assert.equal(await withProxy(), 'Agent');
  const late = (name: string) => loaded.has(`${name}.js`);
  assert.deepEqual(
    ['socks-proxy-agent', 'socks', 'hpagent', 'openid-client', 'jsonpath-plus'].filter(late),
    [],
  );
  assert.equal(await withProxy('socks5://10.0.0.2:1080'), 'SocksProxyAgent');
  assert(late('socks-proxy-agent'));
  assert.match((await withProxy('http://10.0.0.2:3128')) ?? '', /^HttpsProxyAgent/);
  assert(late('hpagent'));
});

/**
 * Returns the packages and built-in modules that a command's chunk imports eagerly, including those of the
 * chunks it imports.
 */
function needs(output: string): Set<string> {
  const { outputs } = bundled.metafile;
  const seen = new Set<string>();
  const needed = new Set<string>();
  const visit = (name: string) => {
    const chunk = outputs[name];
    if (chunk === undefined || seen.has(name)) return;
    seen.add(name);
    for (const [input, { bytesInOutput }] of Object.entries(chunk.inputs)) {
      const [, from] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input) ?? [];
      if (from !== undefined && bytesInOutput > 0) needed.add(from);
    }
    for (const { path, kind, external } of chunk.imports) {
      if (kind !== 'import-statement') continue;
      if (external === true) needed.add(path);
      else visit(path);
    }
  };
  visit(output);
  return needed;
}

test("a command's help and its usage errors load no heavy module", () => {
  const heavy = [
    'node:https',
    'node:http',
    'node:tls',
    'node:net',
    'yargs',
    'js-yaml',
    'ajv',
    'pino',
    'prom-client',
  ];
  const commands = Object.entries(bundled.metafile.outputs).filter(([, { entryPoint = '' }]) =>
    entryPoint.startsWith('src/commands/'),
  );
  assert(commands.length > 15);
  const loads = commands.map(([output, { entryPoint }]) => {
    const needed = needs(output);
    return [entryPoint, heavy.filter((each) => needed.has(each))] as const;
  });
  assert.deepEqual(
    loads.filter(([, each]) => each.length > 0),
    [],
  );
});

test('the code is ASCII: the binary keeps a byte of each character, and V8 reads such code in half the memory', () => {
  for (const { name, code } of bundled.chunks) assert.doesNotMatch(code, /[^\0-\x7f]/, name);
});
