/**
 * A container's termination message: its file, or the end of the log if the container asks for that and
 * fails.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { pods } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';

const api = await openApi();
const { cluster } = api.server;
const { namespace } = api;

interface Case {
  readonly name: string;
  readonly script: string;
  readonly more?: object;
  readonly exitCode: number;
  readonly message: string | undefined;
}

const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' };
/** 120 lines, `line 1` to `line 120`. */
const lines = 'i=0; while [ $i -lt 120 ]; do i=$((i+1)); echo line $i; done';
const from = (first: number) =>
  Array.from({ length: 121 - first }, (_, index) => `line ${first + index}\n`).join('');

const cases: Case[] = [
  { name: 'a-log-is-not-told', script: 'echo oops; exit 3', exitCode: 3, message: undefined },
  {
    name: 'a-log-is-told',
    script: 'echo early; echo oops; exit 3',
    more: fallback,
    exitCode: 3,
    message: 'early\noops\n',
  },
  { name: 'no-log-of-a-success', script: 'echo well', more: fallback, exitCode: 0, message: undefined },
  {
    name: 'a-file',
    script: 'echo log; printf words > /dev/termination-log; exit 3',
    exitCode: 3,
    message: 'words',
  },
  {
    name: 'a-file-of-a-success',
    script: 'printf words > /dev/termination-log',
    exitCode: 0,
    message: 'words',
  },
  {
    name: 'a-file-before-the-log',
    script: 'echo log; printf words > /dev/termination-log; exit 3',
    more: fallback,
    exitCode: 3,
    message: 'words',
  },
  {
    name: 'a-file-elsewhere',
    script: 'printf words > /tmp/last-words; exit 3',
    more: { terminationMessagePath: '/tmp/last-words' },
    exitCode: 3,
    message: 'words',
  },
  {
    name: 'no-more-than-80-lines',
    script: `${lines}; exit 3`,
    more: fallback,
    exitCode: 3,
    message: from(41),
  },
  {
    name: 'no-more-than-2048-bytes',
    script: 'head -c 3000 /dev/zero | tr "\\\\0" x; exit 3',
    more: fallback,
    exitCode: 3,
    message: 'x'.repeat(2048),
  },
  {
    name: 'no-more-than-4096-bytes',
    script: '{ printf first; head -c 5000 /dev/zero | tr "\\\\0" x; printf last; } > /dev/termination-log',
    exitCode: 0,
    message: `${'x'.repeat(4092)}last`,
  },
];

await suite('termination message', { concurrency: 4 }, () => {
  for (const { name, script, more, exitCode, message } of cases) {
    test(name.replaceAll('-', ' '), async () => {
      const container = { name: 'c', image: 'busybox', command: ['/bin/sh', '-c'], args: [script], ...more };
      const body = { metadata: { name }, spec: { restartPolicy: 'Never', containers: [container] } };
      assert.equal((await api.send('POST', api.at('v1', pods.plural), body)).code, 201);
      const scope = { namespace, fieldSelector: `metadata.name=${name}` };
      const [pod] = await until(
        cluster,
        pods,
        scope,
        ([it]) => it?.status?.containerStatuses?.[0]?.state?.terminated !== undefined,
      );
      const ended = pod?.status?.containerStatuses?.[0]?.state?.terminated;
      assert.deepEqual([ended?.exitCode, ended?.message], [exitCode, message]);
    });
  }
});
