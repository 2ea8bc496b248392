/** All guides where our operator runs: what needs none works the same. */
import { walkGuides } from '#test/e2e/walk-guides.ts';

import { startOperatorServer } from './operator-server.ts';

walkGuides(await startOperatorServer(), () => true);
