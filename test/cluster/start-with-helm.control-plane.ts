import { testStartWithHelm } from '#test/e2e/operator/start-with-helm.ts';
import { toolsOrReason } from '#test/support/tools.ts';

import { openStand } from './stand.ts';

const tools = await toolsOrReason();
const { server } = await openStand('raised');

testStartWithHelm(server, tools);
