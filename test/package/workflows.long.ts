/** actionlint finds nothing in the workflows: unknown keys and contexts, expressions, types of inputs. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { toolsOrReason } from '#test/support/tools.ts';

import { project } from '../../cmd/package/project.ts';

const run = promisify(execFile);
const { path, skip } = await toolsOrReason();

/** Resolves with what it finds. */
async function lint(files: readonly string[]): Promise<string> {
  const { stdout } = await run(path?.actionlint ?? '', ['-no-color', ...files], { cwd: project }).catch(
    (error: unknown) => error as { stdout: string },
  );
  return stdout;
}

test('actionlint finds nothing in the workflows', { skip }, async () => {
  const files = globSync('.github/workflows/*.yml', { cwd: project });
  assert.ok(files.length > 0);
  assert.equal(await lint(files), '');
});

test('it would find a step that runs nothing', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'stash-workflows-'));
  t.after(() => rm(directory, { recursive: true }));
  const broken = join(directory, 'broken.yml');
  const text = 'on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - name: nothing\n';
  await writeFile(broken, text);
  assert.match(await lint([broken]), /broken\.yml:6:/);
});
