import { testMetrics } from '#test/e2e/operator/metrics.ts';

import { openStand } from './stand.ts';

const { server } = await openStand('raised');

testMetrics(server);
