/** What krew and its index ask of a manifest. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { load } from 'js-yaml';

import { filledManifest, readManifest, type Plugin } from '../cmd/package/manifest.ts';
import { platforms } from '../cmd/package/platforms.ts';
import packageJson from '../package.json' with { type: 'json' };

const path = join(import.meta.dirname, '../krew-manifest.yaml');
const manifest = await readManifest();
const { apiVersion, kind, metadata, spec } = manifest;

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

test('the words of the index: no tabs, no trailing blanks, a homepage by https', async () => {
  const text = await readFile(path, 'utf8');
  assert.doesNotMatch(text, /\t|[ \t]$/m);
  assert.equal(new URL(spec.homepage).protocol, 'https:');
  // Shown by `kubectl krew info` and after an installation.
  for (const field of [spec.description, spec.caveats]) assert.match(field, /kubectl stash /);
});

test('the version is one of Semantic Versioning, behind a v', () => {
  assert.match(spec.version, /^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/);
});

test('the name is safe in a path, and the plugin is not named after kubectl', () => {
  assert.match(metadata.name, /^[a-z][a-z0-9-]*[a-z0-9]$/);
  assert.doesNotMatch(metadata.name, /^kube/);
});

test('each platform has an archive, its checksum and a program of the right name', () => {
  const found = spec.platforms.map(({ selector: { matchLabels } }) => matchLabels);
  // No machine matches two, and each has what a release builds.
  assert.deepEqual(
    found,
    platforms.map(({ os, arch }) => ({ os, arch })),
  );
  for (const [index, { uri, sha256, bin, ...rest }] of spec.platforms.entries()) {
    assert.deepEqual(
      Object.keys(rest),
      ['selector'],
      'fields that krew knows, and no `files`: all is installed',
    );
    assert.match(sha256, /^[0-9a-f]{64}$/);
    // Inside the archive, by a path that does not leave it.
    assert.equal(bin, platforms[index]?.program);
    assert.doesNotMatch(bin, /\.\.|^\/|\\/);
    const { protocol, pathname } = new URL(uri);
    assert.equal(protocol, 'https:');
    assert.ok(pathname.endsWith(`/${spec.version}/${platforms[index]?.archive ?? ''}`), uri);
  }
});

test('a release fills in version, addresses and checksums, of the archives that it has', () => {
  const sums = new Map([['kubectl-stash-linux-amd64.tar.gz', 'a'.repeat(64)]]);
  const older = {
    ...manifest,
    spec: {
      ...spec,
      version: 'v0.0.9',
      platforms: spec.platforms.map((each) => ({
        ...each,
        uri: each.uri.replaceAll(spec.version, 'v0.0.9'),
      })),
    },
  };
  const filled = load(filledManifest(older, sums)) as Plugin;
  const [platform] = spec.platforms;
  assert.deepEqual(filled, {
    ...manifest,
    spec: { ...spec, platforms: [{ ...platform, sha256: 'a'.repeat(64) }] },
  });
});
