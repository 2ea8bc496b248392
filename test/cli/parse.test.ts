import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Flags } from '#src/cli/command.ts';
import { normalize, parse } from '#src/cli/parse.ts';
import { firstWord, longName, tokenize } from '#src/cli/tokens.ts';
import { StashError } from '#src/errors.ts';

const flags = {
  namespace: { type: 'string', alias: 'n', description: '' },
  output: { type: 'string', alias: 'o', description: '' },
  allNamespaces: { type: 'boolean', alias: 'A', description: '' },
  wait: { type: 'boolean', default: true, description: '' },
  only: { type: 'string[]', description: '' },
  suffix: { type: 'string', description: '' },
} as const satisfies Flags;

const read = async (...argv: string[]) => {
  const { given, words, after } = await parse(argv, flags);
  return { ...Object.fromEntries(given), words, after };
};

const lines: [line: string, expected: Record<string, unknown>][] = [
  ['', {}],
  ['deploy/foo pvc data', { words: ['deploy/foo', 'pvc', 'data'] }],
  ['-n foo', { namespace: ['foo'] }],
  ['-nfoo', { namespace: ['foo'] }],
  ['-n=foo', { namespace: ['foo'] }],
  ['--namespace foo', { namespace: ['foo'] }],
  ['--namespace=foo', { namespace: ['foo'] }],
  ['--namespace=a=b', { namespace: ['a=b'] }],
  ['--namespace=', { namespace: [''] }],
  ['-Aojson x', { allNamespaces: ['true'], output: ['json'], words: ['x'] }],
  ['-A true', { allNamespaces: ['true'], words: ['true'] }],
  ['--wait=false x', { wait: ['false'], words: ['x'] }],
  ['--wait=maybe', { wait: ['maybe'] }],
  ['--wait --wait=', { wait: ['true', ''] }],
  ['-A=false', { allNamespaces: ['false'] }],
  ['--only a --only=b,c', { only: ['a', 'b,c'] }],
  ['--suffix -restored', { suffix: ['-restored'] }],
  ['--suffix -n1', { suffix: ['-n1'] }],
  ['--suffix --', { suffix: ['--'] }],
  ['--suffix --wait', { suffix: ['--wait'] }],
  ['--suffix 007 --suffix=1e3', { suffix: ['007', '1e3'] }],
  [`--suffix="a" -n='b'`, { suffix: ['"a"'], namespace: ["'b'"] }],
  ['-Aojson', { allNamespaces: ['true'], output: ['json'] }],
  ['-o=json=x', { output: ['json=x'] }],
  ['-', { words: ['-'] }],
  ['007 1e3', { words: ['007', '1e3'] }],
  ['--', { after: [] }],
  ['x -- a -- b', { words: ['x'], after: ['a', '--', 'b'] }],
  ['x -- sh -c -n', { words: ['x'], after: ['sh', '-c', '-n'] }],
];

for (const [line, expected] of lines) {
  test(`reads "${line}"`, async () => {
    const got = await read(...line.split(' ').filter(Boolean));
    assert.deepEqual(got, { words: [], after: undefined, ...expected });
  });
}

const wrong: [line: string, message: string, hint?: string][] = [
  ['--namespce x', 'unknown flag --namespce', 'did you mean --namespace?'],
  ['--all-namespace=true', 'unknown flag --all-namespace', 'did you mean --all-namespaces?'],
  ['--bogus', 'unknown flag --bogus'],
  ['-x', 'unknown flag -x'],
  ['-Ax', 'unknown flag -x'],
  ['--constructor', 'unknown flag --constructor'],
  ['--__proto__=x', 'unknown flag --__proto__'],
  ['--_ x', 'unknown flag --_'],
  ['--$0', 'unknown flag --$0'],
  ['--n foo', 'unknown flag --n'],
  ['--no-wait', 'unknown flag --no-wait'],
  ['--wait.x=1', 'unknown flag --wait.x', 'did you mean --wait?'],
  ['--allNamespaces', 'unknown flag --allNamespaces', 'did you mean --all-namespaces?'],
  ['--help', 'unknown flag --help'],
  ['--version', 'unknown flag --version'],
  ['--get-yargs-completions x', 'unknown flag --get-yargs-completions'],
  ['--bogus=1 -x --worse', 'unknown flag --bogus'],
  ['---', 'unknown flag ---'],
  ['--=x', 'unknown flag --'],
  ['-1', 'unknown flag -1'],
  ['x --namespace', '--namespace needs a value'],
  ['-n', '-n needs a value'],
  ...['deploy/web ', ' ', '-n x '].map((line): [string, string, string] => [
    line,
    'a word of the command line is empty',
    'leave it out, or set the variable that stands there',
  ]),
];

for (const [line, message, hint] of wrong) {
  test(`refuses "${line}"`, async () => {
    await assert.rejects(
      read(...line.split(' ')),
      (error) =>
        error instanceof StashError &&
        error.kind === 'usage' &&
        error.message === message &&
        error.hint === hint,
    );
  });
}

test('every value arrives unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), async (one, other) => {
      assert.deepEqual(await read(`--suffix=${one}`, '--suffix', other), {
        suffix: [one, other],
        words: [],
        after: undefined,
      });
      assert.deepEqual((await read('--', one, other)).after, [one, other]);
    }),
  );
});

test('every flag reaches yargs as one --name=value', () => {
  const line = ['-Aofoo', '--wait', 'x', '--suffix', '-n', '-nx'];
  const given = [...tokenize(line, flags)].flatMap((token) =>
    token.kind === 'flag' ? { ...token, value: token.value ?? assert.fail() } : [],
  );
  assert.deepEqual(given.map(normalize), [
    '--all-namespaces=true',
    '--output=foo',
    '--wait=true',
    '--suffix=-n',
    '--namespace=x',
  ]);
});

test('finds the first word', () => {
  assert.equal(firstWord(['-n', 'foo', '-A', '--suffix=x', 'list', '-x'], flags), 4);
  assert.equal(firstWord(['-nfoo'], flags), 1);
  assert.equal(firstWord(['--', 'list'], flags), 2);
  assert.throws(() => firstWord(['--bogus', 'list'], flags), /unknown flag --bogus/);
});

test('long names', () => {
  assert.equal(longName('insecureSkipTlsVerify'), 'insecure-skip-tls-verify');
  assert.equal(longName('v'), 'v');
});
