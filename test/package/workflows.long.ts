/** actionlint finds nothing in the workflows: unknown keys and contexts, expressions, types of inputs. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { toolsOrReason } from '#test/support/tools.ts';

import { project } from '../../cmd/package/project.ts';

const run = promisify(execFile);
const { path, skip } = await toolsOrReason();

const lint = (directory: string) => run(path?.actionlint ?? '', ['-no-color'], { cwd: directory });

test('actionlint finds nothing in the workflows', { skip }, async () => {
  assert.equal((await lint(project)).stdout, '');
});

test('it would find a step that runs nothing', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'stash-workflows-'));
  t.after(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, '.git'));
  await mkdir(join(directory, '.github', 'workflows'), { recursive: true });
  const broken = 'on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - name: nothing\n';
  await writeFile(join(directory, '.github', 'workflows', 'broken.yml'), broken);
  await assert.rejects(lint(directory), /broken\.yml:6:/);
});
