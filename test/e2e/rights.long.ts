/**
 * Removes each verb of `docs/rbac` in turn: exactly the commands that need it according to `docs/rbac.md`
 * fail, name it, and write nothing.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';

import { deployments, volumeSnapshots } from '#src/api/resources.ts';
import {
  documentedRules,
  grantEverywhere,
  grantInNamespace,
  hasAccessControl,
  untilGranted,
} from './developer.ts';
import { deployment } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import type { Identity } from './plugin.ts';
import { startServer } from './server.ts';
import { without } from '#test/support/documented-rights.ts';

import { readRights, type DocumentedRight } from '../../cmd/docs/documented-rights.ts';

import { createWorkload, openStage, type Stage } from './rights-stage.ts';

const server = await startServer();
const { snapshotClass, storageClass } = server;
const skip = !(await hasAccessControl(server)) && 'the sandbox does not tell people apart';
/** Rules of a place's developer. */
const developerRules = [
  ...(await documentedRules('developer.yaml')),
  ...(await documentedRules('schedules.yaml')),
];
const allRules = [
  ...developerRules,
  ...(await documentedRules('hooks-and-deletions.yaml')),
  ...(await documentedRules('probe.yaml')),
];
const classesRules = await documentedRules('classes.yaml');
const markdown = await readFile(new URL('../../docs/rbac.md', import.meta.url), 'utf8');

const fresh = 'persistentvolumeclaims/fresh';
const byClass = ` --snapshot-class ${snapshotClass}`;

/** The command line for each command in the table; `%` is replaced by a new suffix each time. */
const lines: Readonly<Record<string, (plural: string) => string>> = {
  snapshot: () => `snapshot ${fresh} --executor=local`,
  'snapshot --executor=auto': () => `snapshot ${fresh}`,
  'snapshot --wait=false': () => `snapshot ${fresh} --wait=false`,
  'snapshot TYPE/NAME': (plural) =>
    `snapshot ${plural === 'persistentvolumeclaims' ? fresh : `${plural}/app`} --executor=local`,
  'snapshot TYPE --all': (plural) => `snapshot ${plural} --all --executor=local`,
  'snapshot of ephemeral volumes': () => 'snapshot deployments/app --executor=local',
  restore: () => 'restore pvc/data --suffix -% --executor=local',
  'snapshot --pre': (plural) => {
    const isOfDeployment = /^(pods|replicasets)/.test(plural);
    const target = isOfDeployment ? 'deployments/hooked' : `${plural}/app`;
    return `snapshot ${target} --executor=local --pre true --post true`;
  },
  'snapshot --keep-last': () => `snapshot ${fresh} --executor=local --keep-last 3`,
  trigger: () => 'trigger pvc-data --executor=local',
  pause: () => 'pause nightly',
  resume: () => 'resume weekly',
  schedule: () => `schedule ${fresh} --cron @daily --keep-last 3 --wait=false`,
  'schedule over an older one': () => 'schedule pvc/data --cron @daily --keep-last 3 --wait=false',
  'create backupconfiguration': () =>
    'create backupconfiguration made --target-apiversion=v1 --target-kind=PersistentVolumeClaim --target-name=data ' +
    '--schedule=@daily --keep-last=3 --driver=VolumeSnapshotter',
  'create restoresession': () =>
    'create restoresession made --claim.name=never --claim.size=1Gi --claim.datasource=SNAPSHOT',
  delete: () => 'delete backupsession/pending --yes --force',
  'delete backupsession': () => 'delete backupsession/pending --yes --force',
  'delete restoresession': () => 'delete restoresession/pending --yes --force',
  'delete volumesnapshot': () => 'delete volumesnapshot/SNAPSHOT --yes --force',
  pin: () => 'pin POINT',
  list: () => 'list -o wide',
  'list schedules': () => 'list schedules',
  coverage: () => 'coverage',
  'delete schedule': () => 'delete schedule nightly --yes',
  'doctor --probe': () =>
    `doctor --probe --image busybox --storage-class ${storageClass} --snapshot-class ${snapshotClass}`,
  wait: (plural) =>
    plural === 'restoresessions' || plural === 'persistentvolumeclaims'
      ? 'wait restoresession/pending'
      : 'wait backupsession/pending',
};

/** Returns identities with and without the right to read classes. */
function variants(user: string, place: Place): Identity[] {
  const { asGroup } = developerOf(place);
  return [{ as: user, ...(asGroup && { asGroup }) }, { as: user }];
}

function developerOf({ developer }: Place): Identity {
  assert(developer);
  return developer;
}

async function withoutRight(stage: Stage, right: DocumentedRight): Promise<void> {
  const { place } = stage;
  const permission = `${right.verb} ${right.resource}`;
  const user = `without-${permission.replaceAll(/[^a-z]+/g, '-')}`;
  const rules = without(allRules, permission);
  await grantInNamespace(server, place.namespace, user, rules);
  const [whole, bare] = variants(user, place);
  assert(whole && bare);
  await untilGranted(server, place.namespace, whole, [...rules, ...classesRules]);

  const plural = pluralOf(right.resource);
  const needing = right.neededBy.map((command) => {
    const line = lines[command]?.(plural);
    assert(line !== undefined, `docs/rbac.md speaks of ${command}`);
    return line;
  });
  for (const line of needing.flatMap((line) =>
    /^snapshot .*fresh/.test(line) ? [line, line + byClass] : [line],
  )) {
    for (const identity of [whole, bare]) {
      const ran = await stage.run(line, identity);
      const told = `without ${permission}: ${line} (${ran.code}): ${ran.stderr}`;
      assert.equal(ran.code, 1, told);
      assert.match(ran.stderr, new RegExp(`"${user}" may not [^\\n]*${RegExp.escape(permission)}`), told);
      assert.equal(ran.stdout, '', told);
      assert.deepEqual(await stage.made(), [], told);
    }
  }
  await otherCommandsSucceed(stage, whole, needing, right.neededBy.includes('wait'));
}

/** Asserts that commands outside `needing` succeed, and so does `wait` for what they created. */
async function otherCommandsSucceed(
  stage: Stage,
  identity: Identity,
  needing: readonly string[],
  waitNeedsIt: boolean,
): Promise<void> {
  const succeeds = async (line: string) => {
    const ran = await stage.run(line, identity);
    assert.equal(ran.code, 0, `${identity.as}: ${line}: ${ran.stderr}`);
    return ran.stdout.trim();
  };
  for (const line of [lines['restore']?.(''), lines['snapshot']?.('')]) {
    if (line === undefined || needing.includes(line)) continue;
    const session = await succeeds(`${line} -o name`);
    if (!waitNeedsIt) await stage.place.succeeds(`wait ${session}`, { identity });
  }
  const list = lines['list']?.('') ?? '';
  if (!needing.includes(list)) await succeeds(list);
  await stage.made();
}

function pluralOf(resource: string): string {
  return resource.replace(/\..*/, '');
}

await suite('rights', { concurrency: 5 }, () => {
  const rights = [
    ...readRights(markdown, 'The Role, verb by verb'),
    ...readRights(markdown, 'The optional Roles, verb by verb'),
    ...readRights(markdown, 'Probe, verb by verb'),
  ];
  for (const [resource, verbs] of Map.groupBy(rights, (right) => right.resource)) {
    test(`of ${resource}: ${verbs.map(({ verb }) => verb).join(', ')}`, { skip }, async (t) => {
      const place = await openPlace(t, server);
      const stage = await openStage(place, storageClass);
      if (/\.apps$|^replicationcontrollers$|^pods$/.test(resource))
        await createWorkload(place, pluralOf(resource), storageClass);
      if (/^(pods|replicasets)/.test(resource)) {
        await place.create(deployments, deployment('hooked', ['data']));
        await place.running('hooked');
      }
      for (const right of verbs) await withoutRight(stage, right);
    });
  }

  test(
    'the whole Role is enough, with and without a named class, and with and without the right to read classes',
    { skip },
    async (t) => {
      const place = await openPlace(t, server);
      const stage = await openStage(place, storageClass);
      for (const identity of variants(developerOf(place).as, place)) {
        for (const line of [`snapshot ${fresh}`, `snapshot ${fresh}${byClass} --executor=local`]) {
          const ran = await stage.run(line, identity);
          assert.equal(ran.code, 0, ran.stderr);
          const snapshot = (await stage.made()).find((name) => name.startsWith('VolumeSnapshot '));
          const [, name] = snapshot?.split(' ') ?? [];
          const stored = (await place.list(volumeSnapshots)).find(({ metadata }) => metadata.name === name);
          // The snapshot controller fills in the default class.
          assert.equal(stored?.spec.volumeSnapshotClassName, snapshotClass);
        }
        const restored = await stage.run('restore pvc/data --suffix -% --executor=local', identity);
        assert.equal(restored.code, 0, restored.stderr);
        await stage.made();
        const refused = await stage.run(`snapshot ${fresh} --wait=false`, identity);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /--wait=false needs an operator/);
        assert.deepEqual(await stage.made(), []);
      }
    },
  );

  for (const { verb, resource, neededBy } of readRights(markdown, 'The ClusterRole')) {
    test(`${verb} ${resource}, which is optional`, { skip }, async (t) => {
      assert.deepEqual(neededBy, []);
      const place = await openPlace(t, server, { classes: false });
      const stage = await openStage(place, storageClass);
      const rules = without(classesRules, `${verb} ${resource}`);
      const group = `${place.namespace}-without`;
      t.after(await grantEverywhere(server, group, rules));
      const identity = { ...developerOf(place), asGroup: [group] };
      await untilGranted(server, place.namespace, identity, [...developerRules, ...rules]);
      await otherCommandsSucceed(stage, identity, [], false);
      for (const line of [
        `snapshot ${fresh}${byClass} --executor=local`,
        `restore pvc/data --suffix -% --storage-class ${storageClass} --executor=local`,
      ]) {
        const ran = await stage.run(line, identity);
        assert.equal(ran.code, 0, `${line}: ${ran.stderr}`);
      }
    });
  }
});
