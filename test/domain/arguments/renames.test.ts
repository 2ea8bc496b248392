import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseRenames, type RenameFlags } from '#src/domain/arguments/renames.ts';

const accepted: [RenameFlags, names: string][] = [
  [{}, 'data logs'],
  [{ suffix: '-copy' }, 'data-copy logs-copy'],
  [{ claim: ['data=db'] }, 'db logs'],
  [{ claim: ['data=logs', 'logs=data'] }, 'logs data'],
  [{ claim: ['logs=l'], suffix: '-copy' }, 'data-copy l'],
];
for (const [flags, names] of accepted) {
  test(`renames by ${JSON.stringify(flags)}: ${names}`, () => {
    const rename = parseRenames(flags, ['data', 'logs']);
    assert.equal(['data', 'logs'].map(rename).join(' '), names);
    assert.equal(rename('other'), 'other', 'no claim of the restore');
  });
}

const refused: [RenameFlags, kind: string, message: string, hint: string][] = [
  ...['data', 'data=', '=db', 'data=db=x', ''].map((pair): [RenameFlags, string, string, string] => [
    { claim: [pair] },
    'usage',
    `--claim ${pair} is not CLAIM=NEW-NAME`,
    'write it as --claim data=NEW-NAME',
  ]),
  [
    { claim: ['dat=db'] },
    'not-found',
    '--claim dat=db: there is no claim dat to restore',
    'did you mean --claim data=db?',
  ],
  [
    { claim: ['web=db'] },
    'not-found',
    '--claim web=db: there is no claim web to restore',
    'the claims are data, logs',
  ],
  [{ claim: ['data=a', 'data=b'] }, 'usage', '--claim names data twice', 'give it one new name'],
  [
    { suffix: '_copy' },
    'usage',
    '"data_copy" cannot be the name of a claim',
    'write lower-case letters, digits, dashes and dots, at most 253',
  ],
  [
    { claim: ['data=logs'] },
    'usage',
    'claims data and logs would both be restored as logs',
    'give each a name of its own',
  ],
];
for (const [flags, kind, message, hint] of refused) {
  test(`renames, refused: ${JSON.stringify(flags)}`, () => {
    assert.throws(() => parseRenames(flags, ['data', 'logs']), { kind, message, hint });
  });
}
