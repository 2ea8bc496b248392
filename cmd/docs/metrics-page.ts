/** docs/metrics.md: its table of metrics and its alerts are printed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { definitions } from '#src/operator/metric-definitions.ts';

import { project } from '../package/project.ts';
import { withPrintedParts } from './printed-parts.ts';

export const metricsFile = join(project, 'docs', 'metrics.md');
const alertsFile = join(project, 'charts', 'kubectl-stash', 'alerts.yaml');

/** Resolves with the page as it should be: what is written by hand as it is now, and the printed parts. */
export async function metricsPage(): Promise<string> {
  const page = await readFile(metricsFile, 'utf8');
  const parts = new Map([
    ['metrics', metricsTable()],
    ['alerts', `\`\`\`yaml\n${await readFile(alertsFile, 'utf8')}\`\`\``],
  ]);
  const options = await resolveConfig(metricsFile);
  return await format(withPrintedParts(page, parts), { ...options, filepath: metricsFile });
}

function metricsTable(): string {
  const rows = Object.values(definitions).map(({ name, type, labels, help }) => [
    ...[`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', ')],
    help.replace(/\.$/, ''),
  ]);
  const head = ['name', 'type', 'labels', 'meaning'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
