/** What `browse`, `cp` and `diff` run cannot be reached, may do nothing, and goes away whatever kills its command. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import { label } from '#src/api/labels.ts';
import {
  deployments,
  namespaces,
  persistentVolumeClaims,
  pods,
  restoreSessions,
} from '#src/api/resources.ts';
import { lastsMs } from '#src/domain/session/file-session.ts';
import { hastyClock } from '#test/session/clocks.ts';
import { freezing } from '#test/session/freezing.ts';

import { deployment, quiet } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const isSandbox = process.env['E2E_KUBECONFIG'] === undefined;

async function setUp(t: TestContext): Promise<Place> {
  const place = await openPlace(t, server, { files: true });
  await place.claims('data');
  await place.create(deployments, quiet(deployment('demo', ['data'])));
  const [pod = ''] = await place.running('demo');
  await place.sh(pod, 'echo open > /source/data/open && umask 077 && echo secret > /source/data/secret');
  await place.succeeds('snapshot deploy/demo --executor=local');
  return place;
}

async function leavesNothing(place: Place): Promise<void> {
  await place.until(restoreSessions, (all) => all.length === 0);
  await place.until(pods, (all) => all.every(({ metadata }) => metadata.labels?.['app'] === 'demo'));
  await place.until(persistentVolumeClaims, (all) => all.length === 1);
}

await suite('what the files commands run', { concurrency: 2 }, () => {
  test(
    'a namespace of restricted pods accepts it, and files of root are told',
    { skip: isSandbox && 'the sandbox has no pod security and no users' },
    async (t) => {
      const place = await setUp(t);
      await server.cluster.patch(
        namespaces,
        { name: place.namespace },
        { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
      );
      const { stdout } = await place.succeeds('browse deploy/demo', { stdin: 'cat open\n' });
      assert.equal(stdout, 'open\n');
      const closed = await place.stash('browse deploy/demo', { stdin: 'cat secret\n' });
      assert.equal(closed.code, 1);
      assert.match(closed.stderr, /^cat secret: permission denied/m);
      const root = await place.stash('browse deploy/demo --run-as-user 0', { stdin: '' });
      assert.equal(root.code, 1);
      assert.match(root.stderr, /violates PodSecurity "restricted:latest".*runAsUser=0/);
      await leavesNothing(place);
    },
  );

  test(
    'it has no token, and no variable of a Service',
    { skip: isSandbox && 'the sandbox mounts no token' },
    async (t) => {
      const place = await setUp(t);
      const { stdout } = await place.succeeds('browse deploy/demo --image busybox', {
        stdin:
          'ls /var/run/secrets 2>/dev/null; env | grep _SERVICE_ | grep -v ^KUBERNETES_; touch x; id -u\n',
      });
      assert.equal(stdout, '65532\n');
      await leavesNothing(place);
    },
  );

  test('a command that is killed after any of its writes leaves nothing after its deadline', async (t) => {
    const place = await setUp(t);
    const stdin = 'ls\n';
    const argv = 'browse deploy/demo --image busybox';
    // The session, its claim, its pod, and the deletion. The first write is only a question.
    for (const write of [2, 3, 4, 5]) {
      const clock = hastyClock();
      let frozen: Promise<void> | undefined;
      void place.stash(argv, {
        ...{ stdin, clock },
        seenAs: (cluster) => {
          const port = freezing(cluster, { write, when: write === 5 ? 'before' : 'after' });
          frozen = port.frozen;
          return port.cluster;
        },
      });
      await place.until(restoreSessions, (all) => all.length === 1);
      await frozen;
      const later = hastyClock(new Date(clock.now().getTime() + lastsMs + 60_000));
      const { stderr } = await place.succeeds(argv, { stdin, clock: later });
      assert.match(stderr, /was left by a command that has died: deleted, with its claim and its pod/);
      await leavesNothing(place);
    }
  });

  test('a pod that is deleted meanwhile ends the command, with words that say so', async (t) => {
    const place = await setUp(t);
    const running = place.stash('browse deploy/demo --image busybox', { stdin: 'exec sleep 600\n' });
    const isOurs = ({ metadata }: { metadata: { labels?: Record<string, string> } }) =>
      metadata.labels?.[label.component] === 'files';
    const pod = await place.until(pods, (all) =>
      all.find((each) => isOurs(each) && each.status?.phase === 'Running'),
    );
    await server.cluster.delete(pods, pod.metadata, { gracePeriodSeconds: 0 });
    const { code, stderr } = await running;
    assert.notEqual(code, 0);
    assert.ok(stderr.includes(pod.metadata.name) || code === 137, stderr);
    await leavesNothing(place);
  });
});
