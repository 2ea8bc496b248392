import { test } from 'node:test';

import { testBesideArgo } from '#test/e2e/beside-argo.ts';

import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();

test('an application of Argo CD, and an operator that carries sessions out', (t) =>
  testBesideArgo(t, server, 'operator'));
