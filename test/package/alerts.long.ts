/** The alerts of the chart fire when they should, and not before: `alerts.yaml` says when. Needs promtool (`test/prometheus/provide.sh`). */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { load } from 'js-yaml';

import { chart } from '#test/support/helm.ts';

import { panels } from '../../cmd/chart/dashboard.ts';

const run = promisify(execFile);
const skip =
  spawnSync('promtool', ['--version']).error === undefined
    ? false
    : 'no promtool on PATH (test/prometheus/provide.sh)';

const rules = join(chart, 'alerts.yaml');
const units = join(import.meta.dirname, 'alerts.yaml');

test('the rules are valid', { skip }, async () => {
  assert.match((await run('promtool', ['check', 'rules', rules])).stdout, /SUCCESS/);
});

test('every expression of the dashboard is valid', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'stash-rules-'));
  t.after(() => rm(directory, { recursive: true }));
  const recorded = panels.map(({ expression }, index) => ({ record: `panel_${index}`, expr: expression }));
  const file = join(directory, 'rules.yaml');
  await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] }));
  assert.match((await run('promtool', ['check', 'rules', file])).stdout, /SUCCESS/);
});

test('each alert fires when it should', { skip }, async () => {
  await run('promtool', ['test', 'rules', units]);
});

test('there is a case for each alert in which it fires, and one in which it does not', async () => {
  const read = async <T>(file: string) => load(await readFile(file, 'utf8')) as T;
  const { groups } = await read<{ groups: { rules: { alert: string }[] }[] }>(rules);
  const { tests } = await read<{
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  }>(units);
  const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
  for (const { alert } of groups.flatMap(({ rules }) => rules)) {
    const counts = cases.filter(({ alertname }) => alertname === alert).map((each) => each.exp_alerts.length);
    assert.ok(counts.includes(0) && counts.some((count) => count > 0), alert);
  }
});
