import { startSandboxServer } from '#test/e2e/server.ts';

import { testBesideAppscode } from './beside-appscode.ts';

testBesideAppscode(await startSandboxServer());
