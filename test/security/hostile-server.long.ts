/** Holds: an API server, or a tenant who writes objects, sends escape sequences and forged lines to a terminal. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Command } from '#src/cli/command.ts';
import type { Connection } from '#src/cli/context.ts';
import { run } from '#src/cli/run.ts';
import { connect } from '#src/cluster/connect.ts';
import { commands } from '#src/commands/index.ts';
import { status } from '#test/cluster-adapter/scripted-api.ts';
import { serve, type Answer } from '#test/cluster-adapter/serve.ts';
import { testContext, type TestContextOptions } from '#test/support/context.ts';

import { hasten, hostileCluster, hostileWord, longWord } from './hostile-cluster.ts';

/**
 * They talk to no API server: a sandbox is its own, the operator's output is its log (test/operator/log.test.ts), and the
 * others read the volumes of their pod.
 */
const withoutServer = [
  ...['sandbox', 'operator run', 'operator keep-pod', 'operator send-files', 'operator send-image'],
  ...['operator compare-files', 'operator browse-files', 'operator probe-volume'],
];

/** What a command needs beside the words that its positionals ask for. */
const more: Readonly<Record<string, readonly string[]>> = {
  schedule: ['--cron', '@daily'],
  delete: ['backupsession/web', '--yes', '--force'],
  'create backupconfiguration': [
    ...['--target-kind=Deployment', '--target-name=web', '--schedule=@daily', '--keep-last=1'],
  ],
  'create restoresession': ['--target-kind=Deployment', '--target-name=web', '--claim.name=web'],
  'operator create-backupsession': ['--invoker-name=web'],
  'operator create-vs': ['--backupsession=web'],
  'operator restore-vs': ['--restoresession=web'],
};

function wordsOf({ name, positionals, flags }: Command): string[] {
  const { minimum = 0, completes } = positionals ?? {};
  const word =
    completes === 'target' ? 'deploy/web' : Array.isArray(completes) ? String(completes[0]) : 'web';
  const asks = completes !== undefined || minimum > 0;
  return [
    ...name.split(' '),
    ...(name === 'delete' || !asks ? [] : [word]),
    ...(more[name] ?? []),
    // That of doctor is for --probe.
    ...('timeout' in flags && name !== 'doctor' ? ['--timeout=5s'] : []),
    ...('executor' in flags ? ['--executor=local'] : []),
  ];
}

interface Line {
  readonly argv: readonly string[];
  readonly format: string | undefined;
}

/** Every command line to try: each command of the index, in each of its formats. */
async function allLines(): Promise<Line[]> {
  const lines: Line[] = [
    { argv: ['doctor', '--probe', '--timeout=5s'], format: undefined },
    { argv: ['cp', 'deploy/web:/a', 'deploy/web:/data/b', '--timeout=5s'], format: undefined },
  ];
  for (const entry of commands.filter(({ name }) => !withoutServer.includes(name))) {
    const command = await entry.load();
    const { output } = command.flags;
    const formats = output?.type === 'string' ? (output.choices ?? []) : [];
    const argv = wordsOf(command);
    lines.push({ argv, format: undefined });
    lines.push(...formats.map((format) => ({ argv: [...argv, '-o', format], format })));
  }
  return lines;
}

const lines = await allLines();
const plainLines = lines.filter(({ format }) => format === undefined);

interface Told {
  readonly out: string;
  readonly err: string;
}

async function tell(argv: readonly string[], options: TestContextOptions): Promise<Told> {
  const context = testContext({ ...hasten(), env: { NO_COLOR: '1' }, ...options });
  await run(argv, context, commands);
  return { out: context.stdout(), err: context.stderr() };
}

/** What log-update, which draws the live table, writes beside the text. */
const drawing = /\u001b\[(?:\d*[ABCDEFGJK]|\?25[lh]|\?2026[hl])/g;

function checkTold({ out, err }: Told, line: string): void {
  for (const text of [out, err.replaceAll(drawing, '')]) {
    const found = /[^\n]{0,40}(?![\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(text);
    assert.equal(found, null, `${line}: ${JSON.stringify(found?.[0])}`);
    for (const printed of text.split('\n')) {
      assert.doesNotMatch(
        printed,
        /^(hint:)? *kubectl delete namespace prod/,
        `${line} prints a forged line`,
      );
    }
  }
}

suite('every command, in every format', () => {
  test('prints no control character of an object, and no forged line', async () => {
    const shown = new Set<string>();
    // A server that leaves a session Running lets only `wait` give up.
    const tried = {
      Failed: lines,
      Succeeded: plainLines,
      Running: plainLines.filter(({ argv }) => argv[0] === 'wait'),
    };
    for (const [phase, tries] of Object.entries(tried)) {
      for (const { argv, format } of tries) {
        const cluster = hostileCluster({ word: hostileWord, phase });
        for (const isTTY of format === undefined ? [false, true] : [false]) {
          const told = await tell(argv, { cluster, isTTY });
          checkTold(told, argv.join(' '));
          assert.doesNotMatch(told.err, /internal error/);
          if (`${told.out}${told.err}`.includes('touch owned')) shown.add(argv[0] ?? '');
        }
      }
    }
    // Otherwise the words did not get as far as the screen.
    for (const name of ['snapshot', 'restore', 'list', 'wait', 'doctor', 'version']) {
      assert.ok(shown.has(name), name);
    }
  });

  test('shortens words of a megabyte on the screen', async () => {
    const cluster = hostileCluster({ word: longWord });
    for (const { argv } of lines.filter(({ format }) => format !== 'json' && format !== 'yaml')) {
      const { out, err } = await tell(argv, { cluster, isTTY: true });
      const longest = Math.max(...`${out}\n${err}`.split(/[\s,]+/).map((word) => word.length));
      assert.ok(longest <= 1_100, `${argv.join(' ')} prints a word of ${longest} characters`);
    }
  });

  const answers: Readonly<Record<string, Answer>> = {
    'an error': {
      code: 500,
      body: status(500, hostileWord, hostileWord, { name: hostileWord, kind: hostileWord }),
    },
    'a refusal': {
      code: 403,
      body: status(403, 'Forbidden', `${hostileWord} cannot ${hostileWord} resource`),
    },
    'an object that is missing': {
      code: 404,
      body: status(404, 'NotFound', hostileWord, { name: hostileWord, kind: 'namespaces' }),
    },
    'a web page': {
      code: 401,
      headers: { Server: '\u009b31m<b>', 'Content-Type': 'text/html' },
      body: `<html><title>${hostileWord}</title>`,
    },
    'text that is not JSON': { code: 200, body: hostileWord },
    'JSON of another form': {
      code: 200,
      body: { kind: hostileWord, items: hostileWord, gitVersion: hostileWord, [hostileWord]: 1 },
    },
    'a redirection': {
      code: 302,
      headers: { Location: 'https://elsewhere/\u009b31m', Warning: '299 - "\u009b31m"' },
    },
  };
  for (const [title, answer] of Object.entries(answers)) {
    test(`prints no control character of ${title}`, async () => {
      await using server = await serve(() => answer);
      const connections: Connection[] = [];
      for (const { argv } of plainLines) {
        const haste = hasten();
        const cluster = async (): Promise<Connection> => {
          const flags = { server: server.url, namespace: 'demo' };
          const limits = { backoff: 1, retries: 0 };
          const connection = await connect(flags, {}, { ...haste, version: 'v0.0.0', limits });
          connections.push(connection);
          return connection;
        };
        const told = await tell([...argv, '-v=6'], { ...haste, cluster });
        checkTold(told, argv.join(' '));
        if (title !== 'JSON of another form') assert.doesNotMatch(told.err, /internal error/, argv.join(' '));
      }
      for (const { cluster } of connections) cluster.close();
    });
  }
});
