/** Says which executor carries a session out, or did. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import { executorCondition } from '#src/api/conditions.ts';

import { isPodNameOf } from './holder-life.ts';
import { isCommandLine, readHolder } from './holder.ts';
import type { KindWords } from './kind-words.ts';
import { conditionsOf } from './conditions-of.ts';

/** Returns `command line cli-1a2b3c4d` or `pod p of job j`. Undefined if no executor has recorded itself. */
export function carriedOutBy(
  session: Stored<AnySession>,
  { prefix }: Pick<KindWords, 'prefix'>,
  jobName: string,
): string | undefined {
  const holder = readHolder(session);
  if (holder === undefined) {
    const wanted = executorCondition(prefix, true).type;
    return conditionsOf(session).find(({ type }) => type === wanted)?.message;
  }
  if (isCommandLine(holder)) return `command line ${holder.id}`;
  if (isPodNameOf(holder.id, jobName)) return `pod ${holder.id} of job ${jobName}`;
  return `operator ${holder.id}`;
}
