import { startSandboxServer } from '#test/e2e/server.ts';

import { testMetrics } from './metrics.ts';

testMetrics(await startSandboxServer());
