import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Flag } from '#src/cli/command.ts';
import { convert } from '#src/cli/convert.ts';
import { connectionFlags, globalFlags, type GlobalFlagValues } from '#src/cli/global-flags.ts';
import { parse } from '#src/cli/parse.ts';
import { isStashError } from '#src/errors.ts';

const description = '';
const text: Flag = { type: 'string', description };
const choice: Flag = { type: 'string', description, choices: ['json', 'yaml'] };
const number: Flag = { type: 'number', description, minimum: 1, default: 3 };
const duration: Flag = { type: 'duration', description, default: '10m' };

const values: [flag: Flag, given: string[], value: unknown][] = [
  [text, [], undefined],
  [text, ['a', 'b'], 'b'],
  [text, [''], ''],
  [choice, ['yaml'], 'yaml'],
  [{ ...choice, absent: 'none' }, ['json', 'none'], undefined],
  [{ ...choice, absent: 'none', default: 'json' }, [], 'json'],
  [{ type: 'boolean', description }, [], false],
  [{ type: 'boolean', description, default: true }, [], true],
  [{ type: 'boolean', description, default: true }, ['false'], false],
  [{ type: 'boolean', description }, ['1'], true],
  [{ type: 'boolean', description }, ['T'], true],
  [{ type: 'boolean', description, default: true }, ['F'], false],
  [number, [], 3],
  [number, ['12'], 12],
  [duration, [], 600_000],
  [duration, ['1m30s'], 90_000],
  [duration, ['0s'], 0],
  [{ ...duration, positive: true }, ['1ms'], 1],
  [{ type: 'duration', description }, [], undefined],
  [{ type: 'string[]', description }, [], []],
  [{ type: 'string[]', description }, ['a,b', 'c'], ['a,b', 'c']],
  [{ type: 'string[]', description, commas: true }, ['a, b', 'c,'], ['a', 'b', 'c']],
];

for (const [flag, given, value] of values) {
  test(`${flag.type} of ${JSON.stringify(given)} is ${JSON.stringify(value)}`, () => {
    assert.deepEqual(convert(new Map([['theFlag', given]]), { theFlag: flag }), { theFlag: value });
  });
}

const wrong: [flag: Flag, given: string, message: string][] = [
  [choice, 'xml', '--the-flag takes one of json, yaml, not "xml"'],
  [{ ...text, choices: ['client'] }, 'none', '--the-flag takes only client, not "none"'],
  [{ type: 'boolean', description }, 'yes', '--the-flag takes true or false, not "yes"'],
  [{ type: 'string[]', description }, '', '--the-flag is empty'],
  [{ type: 'string[]', description, commas: true }, ' ', '--the-flag is empty'],
  [number, '0', '--the-flag takes 1 or more, not "0"'],
  [number, '1.5', '--the-flag takes a whole number, not "1.5"'],
  [number, '', '--the-flag takes a whole number, not ""'],
  [number, '99999999999999999999', '--the-flag takes a whole number, not "99999999999999999999"'],
  [{ ...duration, positive: true }, '0s', '--the-flag takes a duration of 1ms or more, not "0s"'],
  [{ ...duration, positive: true }, '1ns', '--the-flag takes a duration of 1ms or more, not "1ns"'],
  [duration, '10', '--the-flag takes a duration such as 90s or 1h30m, not "10"'],
];

for (const [flag, given, message] of wrong) {
  test(`${flag.type} refuses "${given}"`, () => {
    assert.throws(
      () => convert(new Map([['theFlag', [given]]]), { theFlag: flag }),
      (error) => isStashError(error, 'usage') && error.message === message,
    );
  });
}

const connection = async (...argv: string[]) =>
  connectionFlags(convert((await parse(argv, globalFlags)).given, globalFlags) as GlobalFlagValues);

test('connection flags keep their values, by the names of ConnectionFlags', async () => {
  const none = { asGroup: [] };
  assert.deepEqual(await connection(), none);
  assert.deepEqual(await connection('-n', '', '--token=', '-h', '-v=3'), none);
  assert.deepEqual(
    await connection(
      ...'-nfoo -s https://x --as me --as-group a --as-group b,c --insecure-skip-tls-verify'.split(' '),
      ...'--tls-server-name t --certificate-authority ca --client-certificate cert --client-key key'.split(
        ' ',
      ),
      ...'--kubeconfig k --context c --cluster cl --user u --token t0 --as-uid 7 --request-timeout 1m'.split(
        ' ',
      ),
    ),
    {
      namespace: 'foo',
      server: 'https://x',
      as: 'me',
      asGroup: ['a', 'b,c'],
      asUid: '7',
      insecureSkipTlsVerify: true,
      tlsServerName: 't',
      certificateAuthority: 'ca',
      clientCertificate: 'cert',
      clientKey: 'key',
      kubeconfig: 'k',
      context: 'c',
      cluster: 'cl',
      user: 'u',
      token: 't0',
      requestTimeout: 60_000,
    },
  );
});

test('--request-timeout takes seconds too, as with kubectl', async () => {
  assert.equal((await connection('--request-timeout=5')).requestTimeout, 5000);
  assert.equal((await connection('--request-timeout=0')).requestTimeout, 0);
  await assert.rejects(connection('--request-timeout=soon'), /--request-timeout/);
});
