import { testHelm } from '#test/e2e/operator/helm.ts';
import { toolsOrReason } from '#test/support/tools.ts';

import { openStand } from './stand.ts';

const tools = await toolsOrReason();
const { server } = await openStand('raised');

testHelm(server, tools);
