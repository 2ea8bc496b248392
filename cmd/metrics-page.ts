/** `npm run docs:metrics`: prints the table and the alerts of docs/metrics.md from the code. */
import { writeFile } from 'node:fs/promises';

import { metricsFile, metricsPage } from './docs/metrics-page.ts';

void metricsPage().then((page) => writeFile(metricsFile, page));
