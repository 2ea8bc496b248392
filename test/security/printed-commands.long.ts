/** Holds: a container, a snapshot's annotation or another word of a tenant runs on the machine of the user who pastes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { atSameServer } from '#src/cli/at-same-server.ts';
import { reportError } from '#src/cli/report-error.ts';
import { commandLine, flag, inNamespace, isCommand } from '#src/domain/command-line.ts';
import { hookByHand } from '#src/domain/hooks/hook-command.ts';
import { choosePoint } from '#src/domain/restore-points/choose-point.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { StashError } from '#src/errors.ts';
import { testContext } from '#test/support/context.ts';

const word = fc.oneof(
  fc.constantFrom(
    ...[
      'web',
      '',
      'app',
      "x'; touch owned; '",
      '$(touch owned)',
      '`touch owned`',
      'a b',
      '*',
      '~',
      '=ls',
      '!!',
      '-f',
    ],
    ...[
      '--server=https://elsewhere',
      '--',
      "\u001b'",
      "'\u001b'; touch owned",
      'a\nkubectl delete namespace prod',
    ],
    ...['\u202ea', 'a\u200b', '# a', 'a\\', '"', 'a\u0000', 'w'.repeat(5_000)],
  ),
  fc.string({ unit: 'binary' }),
);

/** The arguments of each kubectl that a shell runs if these lines are pasted; it runs nothing else. */
function pasted(lines: readonly string[]): string[][] {
  const script = `kubectl() { printf '%s\\0' "$@"; printf '\\001\\0'; }\n${lines.join('\n')}\n`;
  // Without a PATH, any other command fails.
  const { stdout, stderr } = spawnSync('/bin/sh', {
    input: script,
    encoding: 'utf8',
    env: { PATH: '/nowhere' },
  });
  assert.equal(stderr, '');
  return stdout
    .split('\u0001\0')
    .slice(0, -1)
    .map((words) => words.split('\0').slice(0, -1));
}

/** Checks that a pasted line runs exactly `intended`, or that it is a comment. */
function check(
  told: readonly { readonly line: string; readonly intended: readonly (readonly string[])[] }[],
): void {
  const shown = told.filter(({ line }) => isCommand(line));
  assert.deepEqual(
    pasted(shown.map(({ line }) => line)),
    shown.flatMap(({ intended }) => intended),
  );
  assert.deepEqual(pasted(told.filter(({ line }) => !isCommand(line)).map(({ line }) => line)), []);
}

const many = { minLength: 50, maxLength: 50 };
const fewRuns = { numRuns: 5 };
const namespace = 'demo';

suite('a printed command runs what it says, or is not printed', () => {
  test('the command that resumes an application, in any container, pod and namespace', () => {
    const place = fc.record({ pod: word, container: word, runs: fc.boolean() });
    const scene = fc.record({
      places: fc.array(place, { minLength: 1, maxLength: 3 }),
      command: fc.array(word, { minLength: 1, maxLength: 3 }),
      namespace: word,
    });
    fc.assert(
      fc.property(fc.array(scene, many), (scenes) => {
        check(
          scenes.map(({ places, command, namespace }) => {
            const hook = { exec: { command } };
            const target = { kind: 'Deployment', name: 'web', namespace } as const;
            const at = places.map(({ pod, ...rest }) => ({
              ...rest,
              pod: { metadata: { name: pod } } as unknown as Stored<Pod>,
            }));
            const alike = Map.groupBy(places, ({ container, runs }) => JSON.stringify([container, runs]));
            const intended = [...alike.values()].flatMap((group) =>
              group
                .toSorted((a, b) => (a.pod < b.pod ? -1 : a.pod > b.pod ? 1 : 0))
                .flatMap(({ pod, container, runs }) => {
                  const exec = ['exec', '-n', namespace, pod, '-c', container, '--', ...command];
                  const wait = [
                    'wait',
                    '-n',
                    namespace,
                    '--for=condition=Ready',
                    '--timeout=5m',
                    `pod/${pod}`,
                  ];
                  return runs ? [exec] : [wait, exec];
                }),
            );
            return { line: hookByHand(hook, target, at) ?? '', intended };
          }),
        );
      }),
      fewRuns,
    );
  });

  test('the hint to restore from the session that a snapshot names', () => {
    fc.assert(
      fc.property(fc.array(word, many), (sessions) => {
        const told = sessions.flatMap((session) => {
          const target = { kind: 'Deployment', name: 'web', namespace } as const;
          const snapshot = {
            metadata: {
              ...{ name: 's', namespace, uid: 'u', creationTimestamp: '2026-03-14T03:00:00Z' },
              annotations: {
                [annotation.sessionName]: session,
                [annotation.sessionUid]: 'v',
                [annotation.sessionClaims]: '["data","logs"]',
                [annotation.target]: JSON.stringify({
                  apiVersion: 'apps/v1',
                  kind: 'Deployment',
                  name: 'web',
                }),
              },
            },
            spec: { source: { persistentVolumeClaimName: 'data' } },
            status: { readyToUse: true },
          } as never;
          const choice = choosePoint(restorePoints([snapshot], []), target, 'latest');
          const hint = 'failure' in choice ? (choice.failure.hint ?? '') : '';
          const restore = [
            'stash',
            'restore',
            'deployment/web',
            '-n',
            namespace,
            '--from',
            session,
            '--only',
            'data',
          ];
          return hint
            .split('\n')
            .filter((line) => /^(kubectl|#) /.test(line))
            .map((line) => ({
              line,
              intended: [
                line.includes(' list ') ? ['stash', 'list', 'deployment/web', '-n', namespace] : restore,
              ],
            }));
        });
        assert.ok(told.length >= sessions.length);
        check(told);
      }),
      fewRuns,
    );
  });

  test('the name of a session adds no line to a hint', () => {
    const target = { kind: 'Deployment', name: 'web', namespace } as const;
    const sessions = ['bad', 'good\nkubectl delete namespace prod'];
    const snapshots = sessions.map((session) => ({
      metadata: {
        ...{ name: session, namespace, uid: session, creationTimestamp: '2026-03-14T03:00:00Z' },
        annotations: {
          [annotation.sessionName]: session,
          [annotation.sessionUid]: session,
          [annotation.sessionClaims]: session === 'bad' ? '["data","logs"]' : '["data"]',
          [annotation.target]: JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }),
        },
      },
      spec: { source: { persistentVolumeClaimName: 'data' } },
      status: { readyToUse: true },
    }));
    const choice = choosePoint(restorePoints(snapshots as never, []), target, 'bad');
    const hint = 'failure' in choice ? (choice.failure.hint ?? '') : '';
    assert.match(hint, /newest complete restore point, good kubectl delete namespace prod:/);
    assert.doesNotMatch(hint, /^kubectl delete/m);
  });

  test('any command, with the flags that chose the server, as it reaches the terminal', () => {
    const scene = fc.record({ name: word, rest: word, value: word, server: word, words: fc.array(word) });
    fc.assert(
      fc.property(fc.array(scene, many), (scenes) => {
        check(
          scenes.map(({ name, rest, value, server, words }) => {
            const hint = commandLine`kubectl get ${name} pod/${rest} ${inNamespace(value)} ${[flag('-l', value)]} -- ${words}`;
            const context = testContext();
            const { err, signal } = context;
            const error = new StashError('server', 'failed', { hint: atSameServer(hint, { server }) });
            reportError(error, { err, signal, verbosity: 0 });
            const [, ...lines] = context.stderr().split('\n').slice(0, -1);
            assert.equal(lines.length, 1);
            const given = ['get', name, `pod/${rest}`, '-n', value, '-l', value];
            return {
              line: (lines[0] ?? '').slice('hint: '.length),
              intended: [[...given, '--server', server, '--', ...words]],
            };
          }),
        );
      }),
      fewRuns,
    );
  });
});
