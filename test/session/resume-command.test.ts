/** The command that goes on with a session gives what the session was begun with. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { flag } from '#src/domain/command-line.ts';
import { buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { adHocHooks, commandHooks } from '#src/domain/hooks/hooks.ts';
import { targetAnnotation } from '#src/domain/workload/target.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { restore } from '#src/session/kinds/restore.ts';

const target = { kind: 'Deployment', name: 'web', namespace: 'demo' } as const;

function restoreSession(annotations: Record<string, string> = {}): Stored<RestoreSession> {
  const flags = [flag('--suffix', '-copy'), flag('--claim', 'data=other'), flag('--only', 'data,logs')];
  const at = new Date(0);
  const session = buildRestoreSession({ target, templates: [], restoredFrom: 'deploy-web-1', flags, at });
  const metadata = { ...session.metadata, annotations: { ...session.metadata.annotations, ...annotations } };
  return { ...session, metadata } as Stored<RestoreSession>;
}

test('a restore repeats its flags', () => {
  assert.equal(
    restore.resumeCommand(restoreSession()),
    'kubectl stash restore deployment/web -n demo --from deploy-web-1 --suffix -copy --claim data=other --only data,logs',
  );
});

for (const [name, written] of [
  ['another flag', '[["--server","https://elsewhere"]]'],
  ['no list', '{"--suffix":"-a"}'],
  ['no value', '[["--suffix"],["--suffix",1],3]'],
  ['no JSON', '--suffix -a'],
] as const) {
  test(`a restore whose flags are ${name} repeats none`, () => {
    const session = restoreSession({ 'stash.appscode.com/restore-flags': written });
    assert.equal(
      restore.resumeCommand(session),
      'kubectl stash restore deployment/web -n demo --from deploy-web-1',
    );
  });
}

function backupSession(invoker: string, annotations: Record<string, string> = {}): Stored<BackupSession> {
  const metadata = {
    name: 'a',
    namespace: 'demo',
    annotations: { ...targetAnnotation(target), ...annotations },
  };
  return { metadata, spec: { invoker: { name: invoker } } } as unknown as Stored<BackupSession>;
}

test('a snapshot repeats the configuration that has another name, and its hooks', () => {
  const command = 'kubectl stash snapshot deployment/web -n demo';
  assert.equal(backup.resumeCommand(backupSession('deploy-web')), command);
  assert.equal(backup.resumeCommand(backupSession('nightly')), `${command} --config nightly`);
  const hooks = commandHooks({ pre: 'sync', post: 'true' }, 'db');
  assert.ok(hooks);
  assert.equal(
    backup.resumeCommand(backupSession('deploy-web', adHocHooks(hooks))),
    `${command} --pre sync --post true --container db`,
  );
});
