/** The staging of a restore in place: as a restore, but the session goes on once every claim is bound. */
import type { RestoreSession } from '#src/api/stash.ts';
import type { SessionKind } from '#src/session/kind.ts';

import { restore, type RestoreExecution } from './restore.ts';

export const stagingKind: SessionKind<RestoreSession, RestoreExecution> = {
  ...restore,
  observe(scene) {
    const scenery = restore.observe(scene);
    return {
      ...scenery,
      look(now) {
        const look = scenery.look(now);
        return {
          ...look,
          step() {
            const step = look.step();
            const isStaged =
              step.do === 'finish' && step.status(scene.held.session().status).phase === 'Succeeded';
            return isStaged ? { do: 'done' } : step;
          },
        };
      },
    };
  },
};
