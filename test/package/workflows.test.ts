/** The workflows and the dev container call scripts that exist. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { load } from 'js-yaml';

import packageJson from '../../package.json' with { type: 'json' };
import { project } from '../../cmd/package/project.ts';

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}

const read = (path: string) => readFileSync(join(project, path), 'utf8');
const workflows = globSync('.github/workflows/*.yml', { cwd: project }).sort();
const container = JSON.parse(read('.devcontainer/devcontainer.json')) as { postCreateCommand: string };
const lines = [
  ...workflows.flatMap((path) =>
    Object.values((load(read(path)) as Workflow).jobs).flatMap(({ steps }) =>
      steps.flatMap(({ run = '' }) => run.split('\n').map((line) => [path, line] as const)),
    ),
  ),
  ['.devcontainer', container.postCreateCommand] as const,
];

test('each script of npm, and each file, that a step runs is there', () => {
  const scripts: readonly string[] = Object.keys(packageJson.scripts);
  let [ofNpm, files] = [0, 0];
  for (const [path, line] of lines) {
    for (const [, script = ''] of line.matchAll(/npm run (?:-s )?([\w:]+)/g)) {
      assert.ok(scripts.includes(script), `${path}: npm run ${script}`);
      ofNpm += 1;
    }
    for (const [file] of line.matchAll(/(?<=^|\s)(?:\.ci|test|cmd)\/\S+/g)) {
      assert.ok(existsSync(join(project, file)), `${path}: ${file}`);
      files += 1;
    }
  }
  assert.ok(ofNpm > 4 && files > 2);
});

test('what must pass before a merge is what .ci/run runs', () => {
  assert.ok(lines.some(([path, line]) => path.endsWith('/all.yml') && line === '.ci/run'));
  const ci = read('.ci/run');
  for (const [, line] of lines.filter(([path]) => path.endsWith('/check.yml'))) {
    if (line !== '') assert.ok(ci.includes(`run ${line}\n`), line);
  }
});

test('the form for bugs asks for the output of doctor and of version', () => {
  const form = read('.github/ISSUE_TEMPLATE/bug.yml');
  for (const words of ['kubectl stash doctor TYPE/NAME -o json', 'kubectl stash version'])
    assert.ok(form.includes(words), words);
});
