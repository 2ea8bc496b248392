/** `describe` as a developer, who may read less than an administrator. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { deployments } from '#src/api/resources.ts';

import { deployment } from './manifests.ts';
import { openPlace } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

await suite('describe', { concurrency: 2 }, () => {
  test('a workload and its session', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.create(deployments, deployment('web', ['data']));
    await place.running('web');
    await place.succeeds('snapshot deploy/web --executor=local');
    const { stdout } = await place.succeeds('describe deploy/web');
    const [, session = ''] = /^ {2}Name: +backupsession\/(\S+)$/m.exec(stdout) ?? [];
    assert.match(stdout, /^ {2}data +Bound +1Gi .* pvc-\S+ /m);
    assert.match(stdout, new RegExp(`^ {2}${session} .* 1/1 .* Succeeded `, 'm'));
    assert.match(stdout, /^ {2}Result: +succeeded: its snapshot is ready$/m);
    assert.match(stdout, /^Next: +to take a snapshot every night: kubectl stash schedule deployment\/web /m);
    assert.match(stdout, /^Events:$[^]* persistentvolumeclaim\/data /m);

    const page = (await place.succeeds(`describe ${session}`)).stdout;
    assert.match(page, /^Carried Out By: +command line cli-/m);
    const [, command = ''] = /beside the present claims: kubectl stash (.*)$/m.exec(page) ?? [];
    await place.succeeds(`${command} --executor=local`);
  });

  test('a developer without the rights on volumes reads which one is missing', async (t) => {
    const place = await openPlace(t, server, { classes: false });
    await place.claims('data');
    const { stdout } = await place.succeeds('describe pvc/data');
    const lacks = place.developer !== undefined;
    assert.equal(/^Kept Volumes: +unknown: needs list persistentvolumes$/m.test(stdout), lacks, stdout);
    assert.match(stdout, /^ {2}data +Bound /m);
  });
});
