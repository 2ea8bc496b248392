/**
 * Unpacks this machine's image: it contains nothing superfluous, and its program works with nothing but its
 * contents.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { startSandbox } from '#src/sandbox/sandbox.ts';
import { buildImage } from '../../cmd/image/build-image.ts';
import { entrypoint, user } from '../../cmd/image/root-filesystem.ts';

const run = promisify(execFile);
const skip = process.platform !== 'linux';
const scratch = mkdtempSync(join(tmpdir(), 'image-'));
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});
const root = join(scratch, 'root');
const paths = skip ? [] : await unpackImage();

/** Resolves with the paths of all files. */
async function unpackImage(): Promise<string[]> {
  const image = join(scratch, 'image');
  const manifest = JSON.parse(blob(image, await buildImage(image)).toString()) as {
    layers: [{ digest: string }];
  };
  mkdirSync(root);
  const input = blob(image, manifest.layers[0].digest);
  execFileSync('tar', ['-xzpf', '-', '-C', root], { input });
  // mkdtemp creates a directory that only its owner may enter.
  chmodSync(scratch, 0o755);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function blob(image: string, digest: string): Buffer {
  return readFileSync(join(image, 'blobs', digest.replace(':', '/')));
}

test('it contains the program, libraries, licences and a passwd entry, and nothing else', { skip }, () => {
  const own = ['LICENSE', 'LICENSE-THIRD-PARTY', 'etc/group', 'etc/passwd', entrypoint.slice(1)];
  const library = /^(usr\/)?lib\w*\/([\w-]+\/)?[\w+.-]+\.so(\.\d+)*$/;
  const licence = /^usr\/share\/doc\/[^/]+\/copyright$/;
  assert.deepEqual(paths.filter((path) => !library.test(path) && !licence.test(path)).sort(), own);
  assert.ok(paths.some((path) => library.test(path)));
});

test(
  'its user can read a cluster, with only the network of the machine',
  { skip: skip || process.getuid?.() !== 0 },
  async (t) => {
    const sandbox = await startSandbox({ directory: join(scratch, 'sandbox') });
    t.after(() => sandbox.stop());
    writeFileSync(join(root, 'kubeconfig'), readFileSync(sandbox.kubeconfig), { mode: 0o644 });
    const inImage = (...args: string[]) =>
      run('/usr/sbin/chroot', [`--userspec=${user}:${user}`, root, entrypoint, ...args], {
        env: { KUBECONFIG: '/kubeconfig' },
        timeout: 60_000,
      });
    assert.match((await inImage('version')).stdout, /^Server Version: .*sandbox$/m);
    assert.match((await inImage('list')).stderr, /^No restore points found/);
  },
);
