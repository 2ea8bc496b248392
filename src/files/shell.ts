/** A small shell for an image that has none: it looks at the files of one volume, and changes nothing. */
import { createReadStream } from 'node:fs';
import { lstat, opendir, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import { pathFrom, shellWords } from '#src/domain/files/shell-words.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { inside } from './inside.ts';
import { put } from './put.ts';

export interface Shell {
  /** The volume's directory. */
  readonly root: string;
  readonly input: Readable;
  readonly out: Writable;
  readonly err: Writable;
  /** Whether a person types at a terminal: the shell prompts, and completes names. */
  readonly isTerminal: boolean;
  /** Words for an error of the file system. */
  readonly reason: (error: unknown) => string;
}

const help = `cd [DIRECTORY]    go to a directory
ls [-l] [PATH...] list files
find [PATH]       list all files below a directory
cat FILE...       print files
stat PATH...      print size, time, mode and owner
pwd               print the present directory
exit [CODE]       leave
`;

/** Resolves with the code of `exit`, else with 0, or 1 if the last command failed. */
export async function runShell(shell: Shell): Promise<number> {
  const { root, input, out, err, isTerminal } = shell;
  let directory = '';
  let code = 0;
  /** Aborts at Ctrl-C; there is one for each line. */
  let interrupted = new AbortController();

  async function run([name, ...words]: readonly string[]): Promise<number | undefined> {
    const paths = words.filter((word) => !word.startsWith('-'));
    const each = async (work: (path: string, word: string) => Promise<void>) => {
      for (const word of paths) await work(pathFrom(directory, word), word);
    };
    switch (name) {
      case undefined:
        return undefined;
      case 'exit':
        return /^\d{1,3}$/.test(words[0] ?? '') ? Number(words[0]) : code;
      case 'help':
        await put(out, help);
        break;
      case 'pwd':
        await put(out, `/${sanitize(directory)}\n`);
        break;
      case 'cd': {
        const to = pathFrom(directory, words[0] ?? '/');
        if (!(await stat(await inside(root, to))).isDirectory()) throw new Error('it is not a directory');
        directory = to;
        break;
      }
      case 'ls':
        if (paths.length === 0) await list(directory, words.includes('-l'));
        await each((path) => list(path, words.includes('-l')));
        break;
      case 'find':
        if (paths.length === 0) await walk(directory, '.');
        await each(walk);
        break;
      case 'cat':
        await each(async (path) => {
          const { signal } = interrupted;
          for await (const piece of createReadStream(await inside(root, path), { signal }))
            await put(out, piece as Buffer);
        });
        break;
      case 'stat':
        await each(async (path) => put(out, await described(join(root, path), `/${path}`)));
        break;
      default:
        throw new Error('no such command; help lists all of them');
    }
    code = 0;
    return undefined;
  }

  async function list(path: string, isLong: boolean): Promise<void> {
    const at = await inside(root, path);
    if (!(await stat(at)).isDirectory()) {
      await put(out, isLong ? await described(at, `/${path}`) : `/${sanitize(path)}\n`);
      return;
    }
    for (const name of (await readdir(at)).sort()) {
      interrupted.signal.throwIfAborted();
      await put(out, isLong ? await described(join(at, name), name) : `${sanitize(name)}\n`);
    }
  }

  async function walk(path: string, word: string): Promise<void> {
    await put(out, `${sanitize(word)}\n`);
    for await (const entry of await opendir(await inside(root, path))) {
      interrupted.signal.throwIfAborted();
      const below = `${word}/${entry.name}`;
      if (entry.isDirectory()) await walk(pathFrom(path, entry.name), below);
      else await put(out, `${sanitize(below)}\n`);
    }
  }

  const lines = createInterface({
    input,
    terminal: isTerminal,
    ...(isTerminal && {
      output: out,
      completer: (line: string, done: Completed) => void complete(line, done),
    }),
  });

  async function complete(line: string, done: Completed): Promise<void> {
    const word = /\S*$/.exec(line)?.[0] ?? '';
    const [, above = '', begun = ''] = /^(.*\/)?([^/]*)$/.exec(word) ?? [];
    try {
      const entries = await readdir(await inside(root, pathFrom(directory, above)), { withFileTypes: true });
      // A terminal would obey the others.
      const fitting = entries.filter(({ name }) => name.startsWith(begun) && sanitize(name) === name);
      done(null, [fitting.map((entry) => `${above}${entry.name}${entry.isDirectory() ? '/' : ''}`), word]);
    } catch {
      done(null, [[], word]);
    }
  }

  const prompt = () => {
    lines.setPrompt(`/${sanitize(directory)} $ `);
    if (isTerminal) lines.prompt();
  };
  let isBusy = false;
  // A terminal of our own sends Ctrl-C as a character.
  lines.on('SIGINT', () => {
    out.write('^C\n');
    interrupted.abort();
    if (isBusy) return;
    lines.write(null, { ctrl: true, name: 'e' });
    lines.write(null, { ctrl: true, name: 'u' });
    prompt();
  });
  prompt();
  for await (const line of lines) {
    interrupted = new AbortController();
    isBusy = true;
    try {
      const words = shellWords(line);
      if (words === undefined) throw new Error('a quote is not closed');
      const end = await run(words);
      if (end !== undefined) return end;
    } catch (error) {
      code = 1;
      if (!interrupted.signal.aborted)
        await put(err, `${sanitize(line.trim())}: ${sanitize(shell.reason(error))}\n`);
    }
    isBusy = false;
    prompt();
  }
  return code;
}

type Completed = (error: null, found: [string[], string]) => void;

/** `-rw-r----- 999:999 1234 2026-11-30T10:00:00.000Z name` */
async function described(path: string, name: string): Promise<string> {
  const stats = await lstat(path);
  const kind = stats.isDirectory() ? 'd' : stats.isSymbolicLink() ? 'l' : stats.isFile() ? '-' : '?';
  const bits = Array.from({ length: 9 }, (_, index) =>
    (stats.mode >> (8 - index)) & 1 ? 'rwx'.charAt(index % 3) : '-',
  );
  const to = stats.isSymbolicLink() ? ` -> ${await readlink(path)}` : '';
  const { uid, gid, size, mtime } = stats;
  const shown = sanitize(`${name}${to}`);
  return `${kind}${bits.join('')} ${uid}:${gid} ${size} ${mtime.toISOString()} ${shown}\n`;
}
