/** Installs the archive as krew does, uses it, and removes it; by krew itself if it is on PATH. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { test } from 'node:test';

import { clientVersion } from '#src/cli/version.ts';
import { manifestFile, readManifest } from '../../cmd/package/manifest.ts';
import { hostRelease, type HostRelease } from './host-release.ts';

interface Installation {
  /** Home directory that contains krew's `.krew`. */
  readonly home: string;
  /** Directory for PATH. */
  readonly bin: string;
  readonly uninstall: () => void;
}

const release = await hostRelease();
const kubectl = onPath('kubectl');
const krew = onPath('kubectl-krew');

test('install, use, uninstall', { skip: release === undefined }, async () => {
  assert.ok(release);
  const { home, bin, uninstall } = krew ? installByKrew(release) : await installLikeKrew(release);
  const env = { ...process.env, HOME: home, PATH: [bin, process.env['PATH']].join(delimiter) };
  const stash = kubectl === undefined ? 'kubectl-stash' : 'kubectl stash';

  const version = execFileSync('sh', ['-c', `${stash} version --client`], { env, encoding: 'utf8' });
  assert.equal(version, `Client Version: ${clientVersion}\n`);

  const session = `${stash} install --crds >/dev/null && ${stash} list -o json && ${stash} version`;
  const used = spawnSync(join(bin, 'kubectl-stash'), ['sandbox', '--', 'sh', '-c', session], {
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(used.status, 0, used.stderr);
  assert.match(used.stdout, /^Server Version: .*sandbox$/m);

  const { spec } = await readManifest(release.directory);
  const [copying = assert.fail('no caveat about completion')] = /^ *cp .*$/m.exec(spec.caveats) ?? [];
  execFileSync('sh', ['-c', copying], { env });
  const completing = kubectl === undefined ? 'kubectl_complete-stash snap' : 'kubectl __complete stash snap';
  const completed = execFileSync('sh', ['-c', completing], { env, encoding: 'utf8', stdio: 'pipe' });
  assert.match(completed, /^snapshot\t/);

  uninstall();
  const gone = spawnSync('sh', ['-c', `${stash} version --client`], {
    env: { ...env, PATH: `${bin}:/usr/bin:/bin` },
  });
  assert.notEqual(gone.status, 0);
});

function installByKrew({ directory, platform, scratch }: HostRelease): Installation {
  const root = join(scratch, '.krew');
  const runKrew = (...args: string[]) => {
    execFileSync('kubectl-krew', args, { env: { ...process.env, KREW_ROOT: root }, stdio: 'pipe' });
  };
  const manifest = join(directory, manifestFile);
  runKrew('install', `--manifest=${manifest}`, `--archive=${join(directory, platform.archive)}`);
  // krew refuses to uninstall without an index, whose clone would need the network.
  execFileSync('git', ['init', '--quiet', join(root, 'index', 'default')]);
  return {
    home: scratch,
    bin: join(root, 'bin'),
    uninstall: () => {
      runKrew('uninstall', 'stash');
    },
  };
}

/** Repeats krew's steps: internal/installation/install.go of kubernetes-sigs/krew. */
async function installLikeKrew({ directory, platform, scratch }: HostRelease): Promise<Installation> {
  const { metadata, spec } = await readManifest(directory);
  const own = spec.platforms.filter(({ selector: { matchLabels } }) => {
    return matchLabels.os === platform.os && matchLabels.arch === platform.arch;
  });
  const [{ uri, sha256, bin: program } = assert.fail('no platform')] = own;
  assert.equal(own.length, 1);
  const archive = readFileSync(join(directory, uri.slice(uri.lastIndexOf('/') + 1)));
  assert.equal(createHash('sha256').update(archive).digest('hex'), sha256);

  const root = join(scratch, '.krew');
  const store = join(root, 'store', metadata.name, spec.version);
  const bin = join(root, 'bin');
  for (const each of [store, bin]) mkdirSync(each, { recursive: true });
  execFileSync('tar', ['-xzf', '-', '-C', store], { input: archive });
  const target = join(store, program);
  // krew refuses a program outside the unpacked archive.
  assert.ok(realpathSync(target).startsWith(`${realpathSync(store)}${sep}`));
  assert.ok((statSync(target).mode & 0o111) === 0o111);
  assert.ok(existsSync(join(store, 'LICENSE')));
  const link = join(bin, `kubectl-${metadata.name.replaceAll('-', '_')}`);
  symlinkSync(target, link);
  return {
    home: scratch,
    bin,
    uninstall: () => {
      rmSync(link);
      rmSync(join(root, 'store', metadata.name), { recursive: true });
    },
  };
}

function onPath(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((path) => existsSync(path));
}
