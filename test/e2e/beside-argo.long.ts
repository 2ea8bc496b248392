import { test } from 'node:test';

import { testBesideArgo } from './beside-argo.ts';
import { startServer } from './server.ts';

const server = await startServer();

test('an application of Argo CD, and a command line that carries sessions out', (t) =>
  testBesideArgo(t, server, 'local'));
