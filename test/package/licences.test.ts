import assert from 'node:assert/strict';
import { test } from 'node:test';

import { thirdPartyLicences } from '../../cmd/package/licences.ts';
import { hostPlatform } from '../../cmd/package/platforms.ts';

const skip = hostPlatform()?.os === 'windows';

test('the licences of Node and of every package are included', { skip }, async () => {
  const yargs = { name: 'yargs', version: '1.2.3', license: 'MIT', directory: 'node_modules/yargs' };
  const [node = '', own = '', ...others] = (await thirdPartyLicences([yargs])).split(/\n-{80}\n\n/);
  assert.match(node, /^Node\.js \d.* \(MIT\)\n[^]*OpenSSL/);
  assert.match(own, /^yargs 1\.2\.3 \(MIT\)\n[^]*Permission is hereby granted/);
  assert.deepEqual(others, []);
});

test('a package without a licence is refused by name', { skip }, async () => {
  const none = { name: 'none', version: '1.2.3', license: 'MIT', directory: 'test/package' };
  await assert.rejects(thirdPartyLicences([none]), /none 1\.2\.3 has no file with its licence/);
});
