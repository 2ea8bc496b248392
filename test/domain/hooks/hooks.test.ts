import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { HookHandler } from '#src/api/stash.ts';
import { hookCondition } from '#src/domain/hooks/hook-step.ts';
import {
  adHocHooks,
  checkHook,
  checkHooks,
  commandHooks,
  commandOf,
  hasAdHocHooks,
  hasTheseHooks,
  hooksOfBackup,
  hooksOfRestore,
  hostOf,
  retriesLeft,
  thawWarning,
} from '#src/domain/hooks/hooks.ts';
import { withCondition } from '#src/domain/session/session-status.ts';

import { backupSession, configuration, created, restoreSession } from '#test/domain/objects.ts';

describe('checkHook', () => {
  const rows: [string, HookHandler & { executionPolicy?: string }, RegExp | undefined][] = [
    ['a command', { exec: { command: ['sync'] } }, undefined],
    ['a port by number', { httpGet: { port: 8080, path: '/freeze' } }, undefined],
    ['a port by name', { tcpSocket: { port: 'admin' } }, undefined],
    ['a port as a string of digits', { httpGet: { port: '8080' } }, undefined],
    ['a body', { httpPost: { port: 1, body: '{}' } }, undefined],
    ['a form', { httpPost: { port: 65_535, form: [{ key: 'a', values: ['b'] }] } }, undefined],
    ['a body and an empty form', { httpPost: { port: 1, body: '{}', form: [] } }, undefined],
    ['HTTPS', { httpGet: { port: 1, scheme: 'HTTPS' } }, undefined],
    ['nothing', {}, /names no handler/],
    ['a container only', { containerName: 'db' }, /names no handler/],
    [
      'two handlers',
      { exec: { command: ['a'] }, tcpSocket: { port: 1 } },
      /several handlers \(exec, tcpSocket\)/,
    ],
    ['no command', { exec: {} }, /exec without a command/],
    ['an empty command', { exec: { command: [] } }, /exec without a command/],
    ['a command of nothing', { exec: { command: [''] } }, /exec with an empty command/],
    ['a negative port', { tcpSocket: { port: -1 } }, /tcpSocket with port -1/],
    ['port 0', { httpGet: { port: 0 } }, /httpGet with port 0/],
    ['a port too high', { httpPost: { port: '65536' } }, /httpPost with port 65536/],
    ['half a port', { httpGet: { port: 1.5 } }, /httpGet with port 1.5/],
    ['a port without a name', { httpGet: { port: '' } }, /httpGet without a port/],
    ['body and form', { httpPost: { port: 1, body: 'a', form: [{ key: 'b' }] } }, /both body and form/],
    ['a form without a key', { httpPost: { port: 1, form: [{ values: ['a'] }] } }, /without a key/],
    ['an unknown scheme', { httpGet: { port: 1, scheme: 'gopher' } }, /scheme gopher/],
    ['a header without a name', { httpGet: { port: 1, httpHeaders: [{ name: '', value: 'a' }] } }, /header/],
    [
      'a header of two lines',
      { httpGet: { port: 1, httpHeaders: [{ name: 'A', value: 'a\r\nB: c' }] } },
      /several lines/,
    ],
    ['an empty container name', { exec: { command: ['a'] }, containerName: '' }, /empty containerName/],
    [
      'an unknown policy',
      { exec: { command: ['a'] }, executionPolicy: 'Sometimes' },
      /executionPolicy Sometimes, which is none of Always, OnSuccess, OnFailure, OnFinalRetryFailure$/,
    ],
  ];
  for (const [name, hook, problem] of rows) {
    test(`${name}: ${problem === undefined ? 'fine' : 'refused'}`, () => {
      const found = checkHook(hook);
      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', problem);
    });
  }
});

test('hooks of the command line replace all hooks of the configuration', () => {
  const given = commandHooks({ pre: 'sync' }, 'db') ?? assert.fail();
  const session = backupSession();
  session.metadata.annotations = adHocHooks(given);
  const configured = configuration('a', { hooks: { postBackup: { exec: { command: ['thaw'] } } } });
  const pre = { exec: { command: ['/bin/sh', '-c', 'sync'] }, containerName: 'db' };
  assert.deepEqual(hooksOfBackup(session, configured), { pre, post: undefined, adHoc: true });
  assert.equal(hasTheseHooks(session, given), true);
  assert.equal(hasTheseHooks(session, { ...given, post: pre }), false);
  assert.equal(hasTheseHooks(backupSession(), given), false);
  assert.deepEqual(hooksOfBackup(backupSession(), configured), {
    pre: undefined,
    post: { exec: { command: ['thaw'] } },
    adHoc: false,
  });
  assert.equal(hooksOfBackup(backupSession(), undefined), undefined);
});

test('an annotation that cannot be parsed is a hook that fails, not a session without hooks', () => {
  for (const text of ['{"preBackup', 'null', '"sync"', '']) {
    const session = backupSession();
    session.metadata.annotations = { 'stash.appscode.com/hooks': text };
    const { pre, adHoc } = hooksOfBackup(session, undefined) ?? assert.fail();
    assert.equal(adHoc, true, text);
    assert.match(checkHook(pre ?? assert.fail()) ?? '', /names no handler/, text);
  }
});

test('a session has the hooks of one side, or none', () => {
  const hook = { exec: { command: ['sync'] } };
  const restore = restoreSession();
  const withHooks = (hooks: object) => ({ ...restore, spec: { ...restore.spec, hooks } });
  assert.equal(hooksOfRestore(restore), undefined);
  assert.equal(hooksOfRestore(withHooks({})), undefined);
  assert.deepEqual(hooksOfRestore(withHooks({ preRestore: hook })), {
    pre: hook,
    post: undefined,
    adHoc: false,
  });
  assert.deepEqual(hooksOfRestore(withHooks({ postRestore: hook })), {
    pre: undefined,
    post: hook,
    adHoc: false,
  });
  assert.deepEqual(hooksOfBackup(backupSession(), configuration('a', { hooks: { preBackup: hook } })), {
    ...{ pre: hook, post: undefined, adHoc: false },
  });
});

test('a command line makes shell commands, of which the post hook always runs', () => {
  const shell = (command: string) => ({ exec: { command: ['/bin/sh', '-c', command] } });
  assert.equal(commandHooks({}, 'db'), undefined);
  assert.deepEqual(commandHooks({ post: 'thaw' }, undefined), {
    post: { ...shell('thaw'), executionPolicy: 'Always' },
  });
  assert.deepEqual(commandHooks({ pre: 'sync', post: 'thaw' }, 'db'), {
    pre: { ...shell('sync'), containerName: 'db' },
    post: { ...shell('thaw'), containerName: 'db', executionPolicy: 'Always' },
  });
  const given = commandHooks({ pre: 'sync' }, undefined) ?? assert.fail();
  const session = backupSession();
  assert.equal(hasAdHocHooks(session), false);
  session.metadata.annotations = {};
  assert.equal(hasAdHocHooks(session), false);
  session.metadata.annotations = adHocHooks(given);
  assert.equal(hasAdHocHooks(session), true);
  assert.deepEqual(hooksOfBackup(session, undefined)?.pre, shell('sync'));
});

test('finds the command of a hook, and the host that it connects to', () => {
  assert.deepEqual(commandOf({ exec: { command: ['sync', '-f'] } }), ['sync', '-f']);
  assert.equal(commandOf({ httpGet: { port: 1 } }), undefined);
  assert.equal(commandOf({}), undefined);
  assert.equal(hostOf({ httpGet: { port: 1, host: 'db.demo' } }), 'db.demo');
  assert.equal(hostOf({ httpGet: { port: 1, host: '' } }), undefined);
  assert.equal(hostOf({ tcpSocket: { port: 1, host: 'db.demo' } }), 'db.demo');
  assert.equal(hostOf({ exec: { command: ['sync'] } }), undefined);
});

test('refuses the first invalid hook by its name in the API', () => {
  const hook = { exec: { command: ['sync'] } };
  const names = ['preBackup', 'postBackup'] as const;
  const check = (hooks: object) => {
    checkHooks(hooks, 'backupconfiguration/nightly', names);
  };
  check({});
  check({ pre: hook, post: hook });
  for (const [name, hooks] of [
    ['preBackup', { pre: {}, post: hook }],
    ['postBackup', { pre: hook, post: {} }],
    ['preBackup', { pre: {}, post: {} }],
  ] as const)
    assert.throws(
      () => {
        check(hooks);
      },
      {
        kind: 'precondition',
        message: `the ${name} hook of backupconfiguration/nightly names no handler: it needs one of exec, httpGet, httpPost, tcpSocket`,
        hint: `kubectl explain backupconfiguration.spec.hooks.${name}`,
      },
    );
});

test('warns where no hook is sure to resume the application', () => {
  const hook = { exec: { command: ['a'] } };
  assert.equal(thawWarning({ pre: hook, post: hook, adHoc: false }), undefined);
  assert.equal(thawWarning({ post: { ...hook, executionPolicy: 'OnFailure' }, adHoc: false }), undefined);
  assert.match(thawWarning({ pre: hook, adHoc: false }) ?? '', /no postBackup hook/);
  const other = { pre: hook, post: { ...hook, executionPolicy: 'OnSuccess' as const }, adHoc: false };
  assert.match(thawWarning(other) ?? '', /OnSuccess only/);
});

test('counts the retries that are left', () => {
  const first = backupSession();
  const later = { ...first, spec: { ...first.spec, retryLeft: 0 } };
  assert.equal(retriesLeft(first, configuration('a')), 0);
  assert.equal(retriesLeft(first, configuration('a', { retryConfig: {} })), 1);
  assert.equal(retriesLeft(first, configuration('a', { retryConfig: { maxRetry: 3 } })), 3);
  assert.equal(retriesLeft(later, configuration('a', { retryConfig: { maxRetry: 3 } })), 0);
});

test('lastTransitionTime changes only with the status, and other conditions stay', () => {
  const later = new Date('2026-03-14T04:00:00Z');
  const ran = { ok: true, message: 'ran' };
  const other = { type: 'Other', status: 'False' } as const;
  const first = withCondition([other], hookCondition('preBackup', ran), new Date(created));
  const same = withCondition(first, hookCondition('preBackup', { ok: true, message: 'again' }), later);
  const moved = withCondition(same, hookCondition('preBackup', { ok: false, message: 'failed' }), later);
  assert.deepEqual(
    [first, same, moved].map(([kept, mine]) => [kept, mine?.message, mine?.lastTransitionTime]),
    [
      [other, 'ran', new Date(created).toISOString()],
      [other, 'again', new Date(created).toISOString()],
      [other, 'failed', later.toISOString()],
    ],
  );
});
