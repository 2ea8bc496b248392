import { startSandboxServer } from '#test/e2e/server.ts';
import { toolsOrReason } from '#test/support/tools.ts';

import { testHelm } from './helm.ts';

testHelm(await startSandboxServer(), await toolsOrReason());
