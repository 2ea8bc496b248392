/** The metrics of the operator, for docs/metrics.md. */
import { definitions } from '#src/operator/metric-definitions.ts';

import { code, table } from './markdown.ts';

export function metricsPart(): string {
  return table(
    ['name', 'type', 'labels', 'meaning'],
    Object.values(definitions).map(({ name, type, labels, help }) => [
      ...[code(name), type, labels.map(code).join(', ')],
      help.replace(/\.$/, ''),
    ]),
  );
}
