import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { systemAuthorities } from '#src/cluster/system-authorities.ts';

const directory = await mkdtemp(join(tmpdir(), 'authorities-'));
after(() => rm(directory, { recursive: true }));

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;

test('SSL_CERT_FILE and SSL_CERT_DIR take the place of the paths of Linux', async () => {
  const at = (name: string) => join(directory, name);
  await mkdir(at('one'));
  await mkdir(at('two'));
  await writeFile(at('bundle'), `# two\n${pem('a')}\n${pem('b')}\n`);
  await writeFile(at('one/c.pem'), pem('c'));
  await writeFile(at('one/README'), 'no certificate');
  await symlink('c.pem', at('one/0.0'));
  await symlink('../bundle', at('two/linked'));
  const found = (file: string, list: string) =>
    systemAuthorities({ SSL_CERT_FILE: file, SSL_CERT_DIR: list }, 'linux');
  assert.deepEqual(await found(at('bundle'), at('none')), [pem('a'), pem('b')]);
  assert.deepEqual(await found(at('none'), `${at('none')}:${at('one')}`), [pem('c')]);
  assert.deepEqual(await found(at('bundle'), `${at('one')}:${at('two')}`), [pem('a'), pem('b'), pem('c')]);
});
