/** Shared by `create-vs` and `restore-vs`, which the operator's Jobs run. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import type { ConnectionFlags, Context } from '#src/cli/context.ts';
import { openDisplay } from '#src/cli/display.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import { StashError } from '#src/errors.ts';
import { carryOut } from '#src/session/run/carry-out.ts';
import type { SessionContext, SessionKind } from '#src/session/kind.ts';

export interface NamedSession<S extends AnySession> {
  /** The value of the flag, which is named after the kind. */
  readonly name: string | undefined;
  /** Throws if the session cannot be carried out. */
  readonly check?: (session: Stored<S>) => void;
  readonly given?: SessionContext;
}

export async function carryOutNamed<S extends AnySession, Plan>(
  context: Context,
  where: ConnectionFlags,
  kind: SessionKind<S, Plan>,
  { name, check, given = {} }: NamedSession<S>,
): Promise<undefined> {
  const { resource } = kind;
  const flag = resource.kind.toLowerCase();
  if (name === undefined) {
    throw new StashError('usage', `--${flag} is missing`, { hint: `say --${flag} NAME` });
  }
  const { cluster, namespace } = await context.cluster(where);
  const display = await openDisplay(context, 'auto');
  try {
    const environment = {
      cluster,
      clock: context,
      signal: context.signal,
      tell: display.say,
      onChange: display.show,
    };
    const session = await cluster.get(resource, name, namespace);
    check?.(session);
    const ended = await carryOut(environment, kind, {
      session,
      context: given,
      // In a pod, it is the pod's name, by which other executors check whether this one is alive.
      id: context.env['POD_NAME'] ?? `${hostname()}-${randomUUID().slice(0, 8)}`,
      held: 'wait',
    });
    display.say(`${sessionNamed(resource, name)} has ended: ${ended.status?.phase ?? 'Unknown'}`);
  } finally {
    display.close();
  }
  return undefined;
}
