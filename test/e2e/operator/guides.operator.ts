/** Walks through all guides on a cluster with our operator; those that do not need it work the same. */
import { walkGuides } from '#test/e2e/walk-guides.ts';

import { startOperatorServer } from './operator-server.ts';

walkGuides(await startOperatorServer(), () => true);
