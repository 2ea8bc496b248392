/**
 * The staging of a restore in place. It is like a restore, but the session continues when every claim is bound, and
 * claims may move to other nodes.
 */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { SessionKind } from '#src/session/kind.ts';

import { createMover } from './move-staged.ts';
import { restore, type RestoreExecution } from './restore.ts';

export const stagingKind: SessionKind<RestoreSession, RestoreExecution> = {
  ...restore,
  observe(scene) {
    const scenery = restore.observe(scene);
    const claims = scenery.made.items as ReadonlyMap<string, Stored<PersistentVolumeClaim>>;
    const move = createMover(scene);
    return {
      ...scenery,
      look(now) {
        const look = scenery.look(now);
        return {
          ...look,
          step() {
            const step = look.step();
            if (step.do === 'wait') move(claims, look.claims());
            const isStaged =
              step.do === 'finish' && step.status(scene.held.session().status).phase === 'Succeeded';
            return isStaged ? { do: 'done' } : step;
          },
        };
      },
    };
  },
};
