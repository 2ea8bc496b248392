/** What `create-vs` and `restore-vs`, the programs of the operator's Jobs, have in common. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import type { Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { ConnectionFlags, Context } from '#src/cli/context.ts';
import { openDisplay } from '#src/cli/display.ts';
import { StashError } from '#src/errors.ts';
import type { Environment } from '#src/session/environment.ts';

interface Task<S extends BackupSession | RestoreSession> {
  readonly session: Stored<S>;
  readonly id: string;
  readonly held: 'wait';
}

/** `name`: as the flag, called after the kind, gives it. */
export async function carryOut<S extends BackupSession | RestoreSession>(
  context: Context,
  where: ConnectionFlags,
  resource: Resource<S>,
  name: string | undefined,
  work: (environment: Environment, task: Task<S>) => Promise<Stored<S>>,
): Promise<undefined> {
  const kind = resource.kind.toLowerCase();
  if (name === undefined) {
    throw new StashError('usage', `--${kind} is missing`, { hint: `say --${kind} NAME` });
  }
  const { cluster, namespace } = await context.cluster(where);
  const display = await openDisplay(context);
  try {
    const environment = { cluster, clock: context, signal: context.signal, onChange: display.show };
    const ended = await work(environment, {
      session: await cluster.get(resource, name, namespace),
      // Of a pod it is the name, so that whoever comes next can see whether it still lives.
      id: context.env['POD_NAME'] ?? `${hostname()}-${randomUUID().slice(0, 8)}`,
      held: 'wait',
    });
    display.say(`${kind}/${name} has ended: ${ended.status?.phase ?? 'Unknown'}`);
  } finally {
    display.close();
  }
  return undefined;
}
