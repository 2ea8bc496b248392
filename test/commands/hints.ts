/** Runs the commands of a printed hint in the state in which it was printed: each has to do what it says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What a run of the program printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface HintRunner {
  /** Runs the program in this world, with the options of the run that printed the hint. */
  readonly stash: (words: readonly string[]) => Promise<Ran>;
  /** The path of a kubectl; undefined: commands of kubectl are not run. */
  readonly kubectl: string | undefined;
  readonly kubeconfig: string;
  /** Default: the kubeconfig's. */
  readonly namespace?: string;
  /** The files that the run read, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Commands that are not run, and why. */
const notRun: readonly { readonly line: RegExp; readonly why: string }[] = [
  { line: /^kubectl stash sandbox/, why: 'it runs until it is stopped' },
  { line: /&&$/, why: 'the first of several steps: in-place.test.ts runs all of them' },
  { line: /^kubectl exec /, why: 'containers of these worlds run no programs: live-hooks.long.ts runs it' },
  {
    line: /^kubectl auth can-i --list/,
    why: 'kubectl sends it as protobuf, which the sandbox does not read',
  },
  { line: /^kubectl stash doctor --probe/, why: 'it creates a claim: test/e2e/probe.test.ts runs it' },
  { line: /^kubectl edit /, why: 'it opens an editor' },
  { line: /^kubectl rollout status|^kubectl wait /, why: 'it waits for what the world does not do' },
  { line: / -f x\.yaml$/, why: 'the test that prints it refuses the command line before it reads the file' },
  { line: /--server[ =]/, why: 'its server does not answer, which is what it is to show' },
];

/** A word in capitals stands for what the user has to put there. */
const placeholder = /(?:^|[\s/=])[A-Z]{4,}(?:$|[\s/=])/;

/** Hints that do not end with exit code 0, and why they still do what they say. */
const expected: readonly {
  readonly line: RegExp;
  readonly codes: readonly number[];
  readonly err?: RegExp;
  readonly why: string;
}[] = [
  { line: /^kubectl stash wait /, codes: [130, 4], why: 'it is interrupted at once, or the session failed' },
  { line: /^kubectl stash doctor /, codes: [1], why: 'it finds what is wrong' },
  {
    line: /^kubectl stash restore .*--from/,
    codes: [1],
    err: /^hint: (?:in place, which keeps the present volumes|beside it):$/m,
    why: 'the present claims are in the way, and it prints how to restore beside them or in place',
  },
  {
    line: /^kubectl stash undo /,
    codes: [3],
    err: /^error: (?:deployments.apps "web"|persistentvolumeclaims "data") not found/m,
    why: 'the test keeps volumes of a workload that does not exist',
  },
  {
    line: /^kubectl stash forget /,
    codes: [1],
    err: /^error: .*some drivers delete such snapshots with the volume$/m,
    why: 'it says which restore points may be lost, and needs --force',
  },
  {
    line: /^kubectl apply --dry-run=client -f /,
    codes: [1],
    err: /^error: error parsing .* converting YAML to JSON/m,
    why: "the file is not YAML: it prints kubectl's words for the same",
  },
];

export async function runHints(stderr: string, runner: HintRunner): Promise<void> {
  const lines = hintLines(stderr);
  for (const [index, line] of lines.entries()) {
    const isLater = lines[index - 1]?.endsWith('&&') === true;
    if (isLater || placeholder.test(line) || notRun.some((each) => each.line.test(line))) continue;
    const [, program = '', ...words] = splitWords(line);
    const ran =
      program === 'stash'
        ? await runner.stash(harmless(words))
        : await runKubectl([...harmlessKubectl(program), ...words], runner);
    const known = expected.find((each) => each.line.test(line));
    assert.ok(
      ran.code === 0 || (known?.codes.includes(ran.code) === true && (known.err?.test(ran.err) ?? true)),
      `a hint fails when it is run: ${line}\n${ran.err}`,
    );
  }
}

/** The commands after `hint:` or `fix:`, with the lines aligned below a hint, and those after `to do this:`. */
function hintLines(text: string): string[] {
  let below = false;
  return text.split('\n').flatMap((line, index, lines) => {
    const first = /^ *(?:hint|fix): (.*)/.exec(line)?.[1];
    below = first !== undefined || (below && line.startsWith('      '));
    const command = first ?? (below ? line.trimStart() : '');
    const [, after = ''] = /\bto [a-z ]+: (kubectl .*)/.exec(line) ?? [];
    const isNext = / to [a-z ]+:$/.test(lines[index - 1] ?? '');
    return [command, after, isNext ? line : ''].filter((each) => each.startsWith('kubectl '));
  });
}

const dryRuns = new Set([
  'snapshot',
  'restore',
  'delete',
  'forget',
  'schedule',
  'pause',
  'resume',
  'install',
  'uninstall',
  'pin',
  'unpin',
  'undo',
]);

/** The same command, but it changes nothing, and carries out nothing. */
function harmless(words: readonly string[]): string[] {
  const [verb = ''] = words;
  if (words.includes('--help') || words.includes('--dry-run=client')) return [...words];
  // It has no dry run: what can fail is that no such configuration exists.
  if (verb === 'trigger') return ['pause', ...words.slice(1), '--dry-run=client'];
  if (verb === 'install' && words.includes('-o')) return [...words];
  return dryRuns.has(verb) ? [...words, '--dry-run=client'] : [...words];
}

function harmlessKubectl(verb: string): string[] {
  return ['scale', 'patch', 'delete', 'annotate'].includes(verb) ? [verb, '--dry-run=server'] : [verb];
}

/** The sandbox is in this process, so this must not block. */
async function runKubectl(words: readonly string[], runner: HintRunner): Promise<Ran> {
  const { kubectl: program, kubeconfig, namespace, files = {} } = runner;
  if (program === undefined) return { code: 0, out: '', err: '' };
  const directory = await mkdtemp(join(tmpdir(), 'kubectl-stash-hints-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    // kubectl keeps a cache in the home directory.
    const env = { PATH: process.env['PATH'], KUBECONFIG: kubeconfig, HOME: dirname(kubeconfig) };
    const argv = namespace === undefined ? words : ['-n', namespace, ...words];
    return await new Promise((done) => {
      execFile(program, argv, { env, cwd: directory, timeout: 30_000 }, (error, out, err) => {
        done({ code: error === null ? 0 : Number(error.code ?? 1), out, err });
      });
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** As a shell splits the line: the hints quote with single quotes only. */
function splitWords(line: string): string[] {
  return (line.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? []).map((word) =>
    word.replaceAll(
      /'([^']*)'|\\(.)/g,
      (_, quoted: string | undefined, escaped: string | undefined) => quoted ?? escaped ?? '',
    ),
  );
}
