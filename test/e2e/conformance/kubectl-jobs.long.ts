/** Jobs, CronJobs, service accounts and roles as kubectl creates and shows them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';

import { missingKubectl } from '../kubectl.ts';
import { openApi } from './open-api.ts';

const { server, namespace } = await openApi();

/** Arguments are separated by single spaces. */
function kubectl(args: string): Promise<string> {
  const env = { ...process.env, KUBECONFIG: server.kubeconfig };
  return new Promise((resolve, reject) => {
    execFile('kubectl', ['-n', namespace, ...args.split(' ')], { env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`kubectl ${args}: ${stderr}`));
      else resolve(stdout.trim());
    });
  });
}

suite('kubectl', { skip: missingKubectl() }, () => {
  test('a Job, and one created from a CronJob', async () => {
    await kubectl('create job one --image=busybox -- sh -c true');
    await kubectl('wait --for=condition=complete job/one --timeout=180s');
    assert.match(await kubectl('get job one --no-headers'), /^one +Complete +1\/1 /);
    assert.match(await kubectl('describe job one'), /0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/);
    await kubectl('create cronjob daily --image=busybox --schedule=@daily -- sh -c true');
    await kubectl('create job now --from=cronjob/daily');
    await kubectl('wait --for=condition=complete job/now --timeout=180s');
    const owner = await kubectl('get job now -o jsonpath={.metadata.ownerReferences[0].name}');
    assert.equal(owner, 'daily');
    assert.match(await kubectl('describe cronjob daily'), /Schedule: +@daily/);
    assert.match(
      await kubectl('get cronjob daily --no-headers'),
      /^daily +@daily +<none> +False +\d +<none> +/,
    );
    await kubectl('delete job,cronjob --all');
  });

  test('a service account, its token and its roles', async () => {
    await kubectl('create serviceaccount robot');
    const token = await kubectl('create token robot --duration=1h');
    assert.ok(token.length > 40);
    await kubectl('create role reader --verb=get,list --resource=pods');
    await kubectl(`create rolebinding reads --role=reader --serviceaccount=${namespace}:robot`);
    assert.match(await kubectl('get role reader --no-headers'), /^reader +\d{4}-\d\d-\d\dT[\d:]+Z$/);
    assert.match(
      await kubectl('get rolebinding reads -o wide --no-headers'),
      new RegExp(`^reads +Role/reader +\\d+s +${namespace}/robot$`),
    );
    assert.match(await kubectl('describe role reader'), /pods +\[\] +\[\] +\[get list\]/);
    assert.match(await kubectl('describe rolebinding reads'), /ServiceAccount +robot/);
  });
});
