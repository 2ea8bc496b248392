import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  commandLine,
  flag,
  inNamespace,
  isCommand,
  isPlain,
  joinCommands,
} from '#src/domain/command-line.ts';
import { sanitize } from '#src/domain/sanitize.ts';

/** What /bin/sh makes of each line, given as arguments to a command. */
function wordsOf(lines: readonly string[]): string[][] {
  const script = lines.map((line) => `printf '%s\\0' ${line}\nprintf '\\n\\0'`).join('\n');
  const printed = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  return printed
    .split('\n\0')
    .slice(0, -1)
    .map((words) => words.split('\0').slice(0, -1));
}

const anyWord = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...`' " \\ $ \` ! * ? [ ] { } ( ) < > | & ; ~ # - =`.split(' '), ' ') }),
  fc.constantFrom('', '$(touch x)', '`id`', '--', '&&', "it's", '\u001b[2J', 'a\nb', '\u202eevil'),
);

test('words that need no quotes have none', () => {
  const [name, namespace] = ['data-1', 'demo'];
  assert.equal(commandLine`kubectl get pvc ${name} -n ${namespace}`, 'kubectl get pvc data-1 -n demo');
  assert.equal(commandLine`kubectl get pod/${name} ${inNamespace(undefined)}`, 'kubectl get pod/data-1');
  assert.equal(commandLine`kubectl get pods ${inNamespace('demo')}`, 'kubectl get pods -n demo');
  assert.equal(commandLine`kubectl delete ${['pvc', 'a', 'b']} -n x`, 'kubectl delete pvc a b -n x');
  const words = ['/bin/sh', '-c', "echo 'a' $b"];
  assert.equal(
    commandLine`kubectl exec ${name} -- ${words}`,
    "kubectl exec data-1 -- /bin/sh -c 'echo '\\''a'\\'' $b'",
  );
  assert.equal(
    commandLine`kubectl get pvc ${[flag('-n', namespace), flag('--watch')]}`,
    'kubectl get pvc -n demo --watch',
  );
  assert.equal(commandLine`kubectl get --api-group=${''}`, "kubectl get --api-group=''");
});

test('a plain word begins with a letter or a digit, and has no character that a shell changes', () => {
  for (const word of ['a', 'data-1', 'v1.2_3:4', '_x']) assert.equal(isPlain(word), true, word);
  for (const word of ['', '-a', '.a', 'a b', 'a/b', '$a', 'a$', "a'", 'a=b', 'x'.repeat(1_100)]) {
    assert.equal(isPlain(word), false, word);
  }
});

test('a shell reads the very words that were given', () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyWord, { minLength: 1 }), { minLength: 1 }), (all) => {
      const shown = all.filter((words) => words.every((word) => sanitize(word) === word));
      const lists = shown.map((words) => commandLine`exec -- ${words}`);
      const flags = shown.map(([word = '']) => commandLine`--from=${word} ${flag('-n', word)}`);
      assert.deepEqual(wordsOf([...lists, ...flags]), [
        ...shown.map((words) => ['exec', '--', ...words]),
        ...shown.map(([word = '']) => [`--from=${word}`, '-n', word]),
      ]);
    }),
    { numRuns: 20 },
  );
});

test('a word that a terminal would not show as it is makes no command, and runs nothing', () => {
  fc.assert(
    fc.property(
      anyWord.filter((word) => sanitize(word) !== word),
      (word) => {
        const line = commandLine`kubectl delete pod ${word} -n demo`;
        assert.equal(isCommand(line), false);
        assert.equal(sanitize(line), line);
        assert.deepEqual(wordsOf([line]), [['']]);
        assert.equal(
          joinCommands(['a', line], (all) => all.join(' && ')),
          line,
        );
      },
    ),
    { numRuns: 20 },
  );
  assert.equal(
    commandLine`kubectl get pod ${"it's\u001b[2J"}`,
    "# no command is shown: 'it'\\''s' holds characters that a terminal hides; -o json shows it",
  );
});

test('a name that a program would take for a flag makes no command', () => {
  for (const name of ['--server=https://elsewhere', '-f', '--']) {
    const line = `# no command is shown: ${name === '--' ? `'--'` : name} would be taken for a flag; -o json shows it`;
    assert.equal(commandLine`kubectl stash wait ${name} -n demo`, line);
    assert.equal(commandLine`kubectl delete pod ${['a', name]}`, line);
  }
  assert.equal(commandLine`kubectl get pod/${'-f'}`, 'kubectl get pod/-f');
});

test('a word or a line that a terminal would shorten makes no command', () => {
  const long = 'a'.repeat(1_000_000);
  for (const line of [
    commandLine`kubectl get pod ${long}`,
    commandLine`kubectl delete pod ${Array.from({ length: 100_000 }, (_, index) => `pod-${index}`)}`,
    joinCommands(
      Array.from({ length: 100_000 }, () => commandLine`kubectl get pods`),
      (all) => all.join('; '),
    ),
  ]) {
    assert.equal(isCommand(line), false);
    assert.ok(line.length < 250, line);
  }
  const cut = `${'a'.repeat(50)}…${'a'.repeat(49)}`;
  const why = 'is too long, or holds characters that a terminal hides; -o json shows it';
  assert.equal(commandLine`kubectl get pod ${'a'.repeat(1_100)}`, `# no command is shown: '${cut}' ${why}`);
  assert.equal(
    commandLine`kubectl get pod ${`${'b'.repeat(99)}\u200b`}`,
    `# no command is shown: ${'b'.repeat(99)} holds characters that a terminal hides; -o json shows it`,
  );
  const names = Array.from({ length: 500 }, (_, index) => `data-postgres-cluster-${index}`).join(',');
  assert.equal(commandLine`kubectl stash restore --only ${names}`, `kubectl stash restore --only ${names}`);
});
