/** Running workloads whose hooks write to a log file on a volume. */
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';

import { deployments, pods } from '#src/api/resources.ts';

import type { Stage } from './stage.ts';

/** A command that writes a line to the log. */
export function note(word: string): string {
  return `echo ${word} >> /data/log`;
}

/** As `stage.home`, but deployment `app` runs so many pods; container `app` has claim `data` at /data. */
export async function runningHome(stage: Stage, claims: readonly string[], replicas = 1): Promise<string> {
  const namespace = await stage.home(claims);
  await stage.sandbox.cluster.patch(
    deployments,
    { name: 'app', namespace },
    {
      spec: {
        replicas,
        template: {
          spec: {
            containers: [
              {
                name: 'app',
                image: 'busybox',
                command: ['/bin/sh', '-c', 'exec sleep 3600'],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
              { name: 'aside', image: 'busybox' },
            ],
          },
        },
      },
    },
  );
  await stage.until(
    pods,
    namespace,
    (all) => all.length === replicas && all.every(({ status }) => status?.phase === 'Running'),
  );
  return namespace;
}

/** The output of a shell command in the first pod. */
export async function inPod(stage: Stage, namespace: string, command: string): Promise<string> {
  const [pod] = await stage.all(pods, namespace);
  let text = '';
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      done();
    },
  });
  const code = await stage.cluster.exec({
    ...{ namespace, pod: pod?.metadata.name ?? '', container: 'app', stdout, stderr: stdout },
    command: ['/bin/sh', '-c', command],
  });
  assert.equal(code, 0, text);
  return text;
}

/** Lines of the log, oldest first. */
export async function logOf(stage: Stage, namespace: string): Promise<string[]> {
  const text = await inPod(stage, namespace, 'cat /data/log 2>/dev/null || true');
  return text.split('\n').filter((line) => line !== '');
}

/** Asserts that the log never quiesces twice in a row and ends resumed. */
export function checkLog(lines: readonly string[], what = ''): void {
  const told = `${what}: ${lines.join(', ')}`;
  lines.forEach((line, index) => {
    if (line === 'freeze') assert.notEqual(lines[index - 1], 'freeze', told);
  });
  assert.notEqual(lines.at(-1), 'freeze', told);
}
