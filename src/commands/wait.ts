import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import { defineCommand } from '#src/cli/command.ts';
import { openDisplay } from '#src/cli/display.ts';
import { printEnds } from '#src/cli/ends.ts';
import { outputFlag } from '#src/cli/output.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { timeLimitMs } from '#src/domain/session/session-status.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { follow } from '#src/follow/follow.ts';
import { limited, orHowToGoOn, type Sight } from '#src/follow/interruption.ts';
import { withinLimit } from '#src/follow/limit.ts';
import { sessionKinds, type AnyKind } from '#src/session/kinds/index.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

export const command = defineCommand({
  name: 'wait',
  usage: 'wait SESSION [flags]',
  description: `Follow a running backup or restore session to its end, with the same output and exit code as the command that began it. It only reads: if the session has no executor any more, it prints how to go on.`,
  examples: [
    '# Follow a session that another user began\nkubectl stash wait deploy-foo-1732427120',
    '# Follow the BackupSession if a RestoreSession has the same name\nkubectl stash wait backupsession/deploy-foo-1732427120',
  ],
  flags: {
    timeout: {
      type: 'duration',
      valueName: 'DURATION',
      description:
        "How long to wait; by default until the session's deadline, or 10m if it has none yet. The session goes on after that.",
    },
    output: outputFlag('objects'),
  },
  positionals: { name: 'SESSION', minimum: 1, maximum: 1, completes: 'session' },
  async run(args, context) {
    const wanted = parseSession(args.words[0] ?? '');
    const { cluster, namespace } = await context.cluster(args.connection);
    const { kind, object } = await find(cluster, wanted, namespace);
    const { name } = wanted;
    const display = await openDisplay(context);
    const environment = {
      cluster,
      clock: context,
      signal: context.signal,
      tell: display.say,
      onChange: display.show,
    };
    const { timeout } = args.flags;
    const options = { timeoutMs: timeout ?? timeLimitMs(undefined), resume: kind.resumeCommand(object) };
    const work = withinLimit(environment, { timeoutMs: timeout }, async (limit) => {
      const sight: Sight = { progress: undefined, doing: 'follow' };
      const following = follow(limited(environment, limit, sight), kind, { name, namespace }, options);
      const unfinished = { session: sessionNamed(kind.resource, name), name, namespace, limit };
      return (await orHowToGoOn(following, unfinished, sight)).progress;
    });
    await printEnds([work], { context, cluster, format: args.flags.output, close: display.close });
  },
});

interface Wanted {
  readonly name: string;
  /** In the order in which they are tried. */
  readonly kinds: readonly AnyKind[];
}

/** `NAME`, `backupsession/NAME`, `restoresession.stash.appscode.com/NAME`. */
function parseSession(word: string): Wanted {
  const slash = word.indexOf('/');
  const name = word.slice(slash + 1);
  if (name === '')
    throw new StashError('usage', `"${word}" is not the name of a session`, { hint: 'kubectl stash list' });
  if (slash < 0) return { name, kinds: sessionKinds };
  const [type = ''] = word.slice(0, slash).toLowerCase().split('.');
  const kind = sessionKinds.find(({ words: { name, resource } }) =>
    [resource.kind.toLowerCase(), resource.plural, name].includes(type),
  );
  if (kind === undefined) {
    throw new StashError('usage', `"${word.slice(0, slash)}" is not a kind of session`, {
      hint: 'kubectl get backupsessions,restoresessions',
    });
  }
  return { name, kinds: [kind] };
}

async function find(
  cluster: Cluster,
  { name, kinds }: Wanted,
  namespace: string,
): Promise<{ kind: AnyKind; object: Stored<AnySession> }> {
  for (const kind of kinds) {
    try {
      return { kind, object: await cluster.get(kind.resource, name, namespace) };
    } catch (error) {
      if (!isStashError(error, 'not-found')) throw error;
    }
  }
  await readerOf(cluster, namespace).namespaceExists();
  throw new StashError('not-found', `no session "${name}" in namespace ${namespace}`, {
    hint: commandLine`kubectl get backupsessions,restoresessions -n ${namespace}`,
  });
}
