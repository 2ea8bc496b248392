import { testBesideAppscode } from '#test/e2e/operator/beside-appscode.ts';

import { openStand } from './stand.ts';

const { server } = await openStand('raised');

testBesideAppscode(server);
