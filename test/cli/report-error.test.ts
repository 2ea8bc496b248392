import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reportError } from '#src/cli/report-error.ts';
import { StashError } from '#src/errors.ts';
import { testContext } from '#test/support/context.ts';

function report(error: unknown, { verbosity = 0, aborted = false } = {}) {
  const context = testContext({ signal: aborted ? AbortSignal.abort() : new AbortController().signal });
  const code = reportError(error, { err: context.err, signal: context.signal, verbosity });
  return [code, context.stderr()];
}

const bugHint = 'hint: this is a bug in kubectl-stash: run it again with -v=6 and report what it prints\n';

test('a StashError is its message, its hint lines and its exit code', () => {
  assert.deepEqual(report(new StashError('not-found', 'no such thing')), [3, 'error: no such thing\n']);
  assert.deepEqual(
    report(new StashError('timed-out', 'a is late\nb is late', { hint: 'kubectl a\nkubectl b' })),
    [5, 'error: a is late\nerror: b is late\nhint: kubectl a\n      kubectl b\n'],
  );
});

test('text from the cluster cannot control the terminal', () => {
  assert.deepEqual(report(new StashError('server', 'a\u001b[31mred\u0007', { hint: '\u009b2Jb' })), [
    1,
    'error: ared\nhint: b\n',
  ]);
});

test('any other error is reported as a bug', () => {
  const bug = [70, `error: internal error: boom\n${bugHint}`];
  assert.deepEqual(report(new TypeError('boom')), bug);
  assert.deepEqual(report('boom'), bug);
  assert.deepEqual(report(new StashError('bug', 'boom')), bug);
  assert.deepEqual(report(new Error('boom\nHeaders: {"authorization":"x"}')), bug);
});

test('an abort after Ctrl-C is an interruption; an abort before it is a bug', () => {
  const error = new DOMException('This operation was aborted', 'AbortError');
  assert.deepEqual(report(error, { aborted: true }), [130, 'error: interrupted\n']);
  assert.equal(report(error)[0], 70);
});

test('-v=6 prints the stack, and of causes only their places', () => {
  const error = new StashError('server', 'outer', { cause: new Error('secret header') });
  assert.deepEqual(report(error, { verbosity: 5 }), [1, 'error: outer\n']);
  const [, text = ''] = report(error, { verbosity: 6 });
  assert.match(
    String(text),
    /^error: outer\nStashError\n {4}at .*\n(?: {4}at .*\n)*caused by:\nError\n {4}at /,
  );
  assert.doesNotMatch(String(text), /secret header/);
});

test('no token is ever shown', () => {
  const token = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`;
  for (const message of [
    `got Bearer ${'x'.repeat(40)}`,
    `"Authorization": "Basic dXNlcjpwYXNz"`,
    `token ${token} is no good`,
  ]) {
    assert.doesNotMatch(String(report(new StashError('server', message))[1]), /xxxx|dXNl|aaaa|cccc/);
  }
  assert.deepEqual(report(new StashError('server', 'bearer authentication')), [
    1,
    'error: bearer authentication\n',
  ]);
});
