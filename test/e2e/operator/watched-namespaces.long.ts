import { startSandboxServer } from '#test/e2e/server.ts';

import { testWatchedNamespaces } from './watched-namespaces.ts';

testWatchedNamespaces(await startSandboxServer());
