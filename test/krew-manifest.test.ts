/** What krew and its index ask of a manifest. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { load } from 'js-yaml';

import packageJson from '../package.json' with { type: 'json' };

interface Platform {
  selector: { matchLabels: { os: string; arch: string } };
  uri: string;
  sha256: string;
  bin: string;
}

interface Plugin {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: Record<'version' | 'homepage' | 'shortDescription' | 'description' | 'caveats', string> & {
    platforms: Platform[];
  };
}

const path = join(import.meta.dirname, '../krew-manifest.yaml');
const { apiVersion, kind, metadata, spec } = load(await readFile(path, 'utf8')) as Plugin;

test('it is a krew manifest of the plugin stash, of the version of this package', () => {
  assert.equal(apiVersion, 'krew.googlecontainertools.github.com/v1alpha2');
  assert.equal(kind, 'Plugin');
  // The name is part of a path in krew's store.
  assert.deepEqual(metadata, { name: 'stash' });
  assert.equal(spec.version, `v${packageJson.version}`);
  const known = ['version', 'homepage', 'shortDescription', 'description', 'caveats', 'platforms'];
  assert.deepEqual(Object.keys(spec).sort(), known.sort());
});

test('its words are of the length and form that the index wants', () => {
  const { shortDescription, description, caveats } = spec;
  assert.ok(shortDescription.length <= 50, `${shortDescription.length} characters`);
  assert.doesNotMatch(shortDescription, /\n|\.$|kubectl|plugin/i);
  for (const line of `${description}\n${caveats}`.split('\n')) assert.ok(line.length <= 80, line);
});

test('each platform has an archive, its checksum and a program of the right name', () => {
  const platforms = spec.platforms.map(({ selector: { matchLabels } }) => matchLabels);
  assert.deepEqual(
    platforms.map(({ os, arch }) => `${os}/${arch}`),
    ['linux/amd64', 'linux/arm64', 'darwin/amd64', 'darwin/arm64', 'windows/amd64'],
  );
  for (const { selector, uri, sha256, bin } of spec.platforms) {
    const { os, arch } = selector.matchLabels;
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.equal(bin, os === 'windows' ? 'kubectl-stash.exe' : 'kubectl-stash');
    const { protocol, pathname } = new URL(uri);
    assert.equal(protocol, 'https:');
    const archive = `kubectl-stash-${spec.version}-${os}-${arch}${os === 'windows' ? '.zip' : '.tar.gz'}`;
    assert.ok(pathname.endsWith(`/${spec.version}/${archive}`), uri);
  }
});
