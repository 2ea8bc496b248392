import { testWatchedNamespaces } from '#test/e2e/operator/watched-namespaces.ts';

import { openStand } from './stand.ts';

const { server } = await openStand('raised');

testWatchedNamespaces(server);
