import { startSandboxServer } from '#test/e2e/server.ts';
import { toolsOrReason } from '#test/support/tools.ts';

import { testStartWithHelm } from './start-with-helm.ts';

testStartWithHelm(await startSandboxServer(), await toolsOrReason());
