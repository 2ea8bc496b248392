/** Reads the documents of a YAML or JSON file, for `-f FILE`. */
import { commandLine } from '#src/domain/command-line.ts';
import { StashError } from '#src/errors.ts';

import { decodeText } from '#src/cluster/decode-text.ts';
import { systemReason } from '#src/cluster/system-reason.ts';

import type { Context } from './context.ts';

/** `-` is standard input. Rejects with 'usage' if the file cannot be read or is not YAML. */
export async function readDocuments(path: string, context: Context): Promise<unknown[]> {
  const text = path === '-' ? await readStream(context) : await readPath(path, context);
  const { YAMLException } = await import('js-yaml');
  const { readYaml } = await import('#src/cluster/yaml.ts');
  try {
    return readYaml(text).flatMap(itemsOf);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? '' : ` in line ${error.mark.line + 1}`;
    throw new StashError('usage', `${path} is not valid YAML: ${error.reason}${line}`, {
      hint: commandLine`kubectl apply --dry-run=client -f ${path}`,
      cause: error,
    });
  }
}

/** As `kubectl create -f` does, takes the items of a List. */
function itemsOf(document: unknown): unknown[] {
  const { kind, items } = (document ?? {}) as { kind?: unknown; items?: unknown };
  return kind === 'List' && Array.isArray(items) ? items : [document];
}

async function readStream({ in: input }: Context): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk as Buffer | string));
  return decodeText(Buffer.concat(chunks), { lossy: true });
}

async function readPath(path: string, context: Context): Promise<string> {
  try {
    return await context.readFile(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new StashError('usage', `cannot read ${path}: ${reasons[code] ?? systemReason(error)}`, {
      hint: 'check the path that -f names',
      cause: error,
    });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};
