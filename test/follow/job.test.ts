/** What a follower reports of the Job that carries a session out, and of its pods. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Job, KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import type { LogRequest, WatchEvent } from '#src/cluster/port.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { StashError } from '#src/errors.ts';
import { follow as followSession } from '#src/follow/follow.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { changeLines } from '#src/report/change-lines.ts';
import { liveFrame } from '#src/report/live-frame.ts';
import { viewOf, type ProgressView } from '#src/report/progress-view.ts';
import { manualClock } from '#test/support/clock.ts';
import { matchGolden } from '#test/support/golden.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const created = '2026-03-14T03:00:00Z';
const jobName = 'stash-vs-deploy-app-1';

function session(status: BackupSession['status'] = { phase: 'Running' }): Stored<BackupSession> {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      ...metadata('deploy-app-1', 'u1'),
      annotations: {
        [annotation.sessionClaims]: '["data"]',
        [annotation.target]: '{"apiVersion":"apps/v1","kind":"Deployment","name":"app"}',
      },
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'deploy-app' } },
    status,
  };
}

function metadata(name: string, uid: string) {
  return { name, namespace: 'demo', uid, resourceVersion: '1', creationTimestamp: created };
}

function job(status: Job['status'] = { active: 1 }, labels: Record<string, string> = {}): Stored<Job> {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { ...metadata(jobName, 'j1'), labels }, status };
}

function pod(suffix: string, status: NonNullable<Pod['status']>, seconds = 0): Stored<Pod> {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid: 'j1', controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata(`${jobName}-${suffix}`, `p-${suffix}`),
      creationTimestamp: `2026-03-14T03:00:0${seconds}Z`,
      ownerReferences: [owner],
    },
    spec: { containers: [{ name: 'stash' }] },
    status,
  };
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

function container(
  state: NonNullable<ContainerStatus['state']>,
  more: Partial<ContainerStatus> = {},
): ContainerStatus {
  return { name: 'stash', ready: false, restartCount: 0, image: 'i', imageID: '', state, ...more };
}

const crashed = (suffix: string, seconds = 0) =>
  pod(
    suffix,
    {
      phase: 'Failed',
      containerStatuses: [container({ terminated: { exitCode: 1, reason: 'Error' } })],
    },
    seconds,
  );

const pulling = pod('aaaaa', {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'True' }],
  containerStatuses: [
    container({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "i"' } }),
  ],
});

const unschedulable = pod('aaaaa', {
  phase: 'Pending',
  conditions: [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
    },
  ],
});

interface Options {
  readonly logs?: (request: LogRequest) => Promise<string>;
  readonly pods?: 'forbidden';
}

/** Sets the server's objects state by state; resolves with what the follower showed for each. */
async function follow({ logs, pods: mayRead }: Options = {}) {
  const clock = manualClock(created);
  const watches: { plural: string; tell: (event: WatchEvent<KubernetesObject>) => void }[] = [];
  const listed: Record<string, KubernetesObject[]> = { backupsessions: [session()] };
  const cluster = stubCluster({
    ...(logs && { logs }),
    get: () => Promise.resolve(session()) as Promise<never>,
    async *watch(resource, _scope, signal) {
      if (resource.plural === 'pods' && mayRead === 'forbidden') throw new StashError('forbidden', 'no pods');
      const queue: WatchEvent<KubernetesObject>[] = [
        { type: 'listed', items: (listed[resource.plural] ?? []) as Stored<KubernetesObject>[] },
      ];
      let wake: () => void = () => undefined;
      signal.addEventListener('abort', () => {
        wake();
      });
      watches.push({
        plural: resource.plural,
        tell: (event) => {
          queue.push(event);
          wake();
        },
      });
      while (!signal.aborted) {
        const event = queue.shift();
        if (event) yield event as never;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  });
  const shown: Progress[] = [];
  const stop = new AbortController();
  const followed = followSession(
    {
      cluster,
      clock,
      signal: stop.signal,
      tell: () => undefined,
      onChange: (progress) => void shown.push(progress),
    },
    backup,
    { name: 'deploy-app-1', namespace: 'demo' },
    { timeoutMs: 600_000 },
  );
  followed.catch(() => undefined);
  await clock.advance(0);
  const tell = async (plural: string, event: WatchEvent<KubernetesObject>) => {
    watches.find((watch) => watch.plural === plural)?.tell(event);
    await clock.advance(0);
  };
  return {
    clock,
    shown,
    stop,
    followed,
    notes: () => shown.at(-1)?.notes ?? [],
    set: (plural: string, object: KubernetesObject) =>
      tell(plural, { type: 'changed', object: object as Stored<KubernetesObject> }),
    remove: (plural: string, object: KubernetesObject) =>
      tell(plural, { type: 'deleted', object: object as Stored<KubernetesObject> }),
  };
}

const told = (progress: Progress, previous?: ProgressView) => viewOf(progress, previous, new Date(created));

for (const [name, waiting] of Object.entries({ unschedulable, pulling })) {
  test(`a pod that waits says why: ${name}`, async () => {
    const { set, notes, stop, shown } = await follow();
    await set('jobs', job());
    await set('pods', waiting);
    const last = shown.at(-1);
    assert.ok(last);
    assert.equal(notes().length, 1);
    for (const columns of [80, 200]) {
      const frame = liveFrame([told(last)], new Date(created), { columns, rows: 24 });
      matchGolden(`follow/pod-${name}-${columns}`, frame);
    }
    stop.abort();
  });
}

test('a failed container: its exit code and last log lines, read once, and kept when its pod is gone', async () => {
  const asked: LogRequest[] = [];
  const { set, remove, notes, shown, followed } = await follow({
    logs: (request) => {
      asked.push(request);
      return Promise.resolve(`connecting\n\u001b[31mpanic: ${request.pod} has no route to host\u001b[0m\n`);
    },
  });
  await set('jobs', job({ active: 1 }));
  await set('pods', crashed('aaaaa'));
  await set('pods', pod('bbbbb', { phase: 'Running', containerStatuses: [] }, 1));
  await remove('pods', crashed('aaaaa'));
  assert.deepEqual(notes(), [
    `job ${jobName} runs in pod ${jobName}-bbbbb`,
    `pod ${jobName}-aaaaa: container stash exited with code 1 (Error)`,
    '| connecting',
    `| panic: ${jobName}-aaaaa has no route to host`,
  ]);
  await set('pods', crashed('bbbbb', 1));
  await set('jobs', job({ failed: 2, conditions: [{ type: 'Failed', status: 'True', message: 'no more' }] }));
  const { verdict, notes: last } = (await followed).progress;
  assert.deepEqual(verdict, {
    outcome: 'failed',
    message: `job ${jobName} failed: no more; pod ${jobName}-bbbbb exited with code 1 (Error)`,
    culprit: `job/${jobName}`,
  });
  assert.ok(last.includes(`| panic: ${jobName}-bbbbb has no route to host`), last.join('\n'));
  assert.deepEqual(
    asked.map(({ pod: name, tailLines, previous, container: of }) => [name, of, tailLines, previous]),
    [
      [`${jobName}-aaaaa`, 'stash', 5, false],
      [`${jobName}-bbbbb`, 'stash', 5, false],
    ],
  );
  let previous: ProgressView | undefined;
  const lines = shown.map((progress) => {
    const view = told(progress, previous);
    const text = changeLines(previous, view);
    previous = view;
    return text;
  });
  matchGolden('follow/crashes-lines', lines.join(''));
  assert.ok(previous);
  for (const columns of [80, 200]) {
    matchGolden(`follow/crashes-${columns}`, liveFrame([previous], new Date(created), { columns, rows: 24 }));
  }
});

test('a restarted container: the log of its previous run', async () => {
  const asked: LogRequest[] = [];
  const { set, stop } = await follow({
    logs: (request) => {
      asked.push(request);
      return Promise.resolve('');
    },
  });
  await set('jobs', job());
  const lastState = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
  const again = container({ running: {} }, { lastState, restartCount: 1 });
  await set('pods', pod('aaaaa', { phase: 'Running', containerStatuses: [again] }));
  assert.deepEqual(
    asked.map(({ previous }) => previous),
    [true],
  );
  stop.abort();
});

test('without the right to read logs or pods: fewer notes, and the same end', async () => {
  for (const options of [
    { logs: () => Promise.reject(new StashError('forbidden', 'no')) },
    { pods: 'forbidden' },
  ] as const) {
    const { set, followed, notes } = await follow(options);
    await set('jobs', job());
    await set('pods', crashed('aaaaa'));
    assert.match(notes().join('\n'), new RegExp(`job ${jobName}`));
    await set('jobs', job({ conditions: [{ type: 'Failed', status: 'True', message: 'no more' }] }));
    assert.match((await followed).progress.verdict?.message ?? '', /^job .* failed: no more/);
  }
});

test('notes that the Job was deleted', async () => {
  const { set, remove, notes, stop } = await follow();
  await set('jobs', job());
  await remove('jobs', job());
  assert.deepEqual(notes(), [`job ${jobName} was deleted while the session ran`]);
  stop.abort();
});

test("gives our operator fifteen seconds after its Job failed to write the session's end", async () => {
  const failed = job(
    { conditions: [{ type: 'Failed', status: 'True', message: 'no more' }] },
    { 'app.kubernetes.io/managed-by': 'kubectl-stash' },
  );
  const written = await follow();
  await written.set('jobs', failed);
  await written.clock.advance(10_000);
  const condition = {
    type: 'BackupDisrupted',
    status: 'True',
    reason: 'FailedToCompleteDueToDisruption',
  } as const;
  const stats = [
    { hostname: 'data', phase: 'Failed', error: 'its Job failed, the application was thawed' },
  ] as const;
  const status = { phase: 'Failed', conditions: [condition], targets: [{ stats: [...stats] }] } as const;
  await written.set(
    'backupsessions',
    session({ ...status, conditions: [condition], targets: [{ stats: [...stats] }] }),
  );
  assert.equal(
    (await written.followed).progress.verdict?.message,
    'data: its Job failed, the application was thawed',
  );

  const silent = await follow();
  await silent.set('jobs', failed);
  await silent.clock.advance(14_000);
  assert.equal(silent.shown.at(-1)?.verdict, undefined);
  await silent.clock.advance(2_000);
  assert.match((await silent.followed).progress.verdict?.message ?? '', /^job .* failed: no more/);
});
