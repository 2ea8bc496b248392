import { defineCommand } from '#src/cli/command.ts';
import { checkProgress, openDisplay } from '#src/cli/display.ts';
import { printEnds } from '#src/cli/ends.ts';
import { progressFlag } from '#src/cli/flags.ts';
import { outputFlag } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isFinal, timeLimitMs } from '#src/domain/session/session-status.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { follow } from '#src/follow/follow.ts';
import { limited, orHowToGoOn, type Sight } from '#src/follow/interruption.ts';
import { withinLimit } from '#src/follow/limit.ts';
import {
  parseWanted,
  refuseNotFound,
  sessionsNamed,
  sessionsOfTarget,
  type FoundSession,
  type WantedSession,
} from '#src/session/describe/find-session.ts';

export const command = defineCommand({
  name: 'wait',
  usage: 'wait (SESSION | TYPE/NAME) [flags]',
  description: `Follow a running backup or restore session to its end, with the same output and exit code as the command that began it. It only reads: if the session has no executor any more, it prints how to go on.

For a workload, it follows the session that is running, or shows how the newest one has ended.`,
  examples: [
    '# Follow a session that another user began\nkubectl stash wait deploy-foo-1732427120',
    '# Follow the session of a deployment\nkubectl stash wait deploy/foo',
    '# Follow the BackupSession if a RestoreSession has the same name\nkubectl stash wait backupsession/deploy-foo-1732427120',
  ],
  flags: {
    timeout: {
      type: 'duration',
      valueName: 'DURATION',
      description:
        "How long to wait; by default until the session's deadline, or 10m if it has none yet. The session goes on after that.",
    },
    ...progressFlag,
    output: outputFlag('objects'),
  },
  positionals: { name: 'SESSION', minimum: 1, maximum: 1, completes: 'session' },
  async run(args, context) {
    const wanted = parseWanted(args.words[0] ?? '');
    checkProgress(context, args.flags.progress);
    const { cluster, namespace } = await context.cluster(args.connection);
    const { kind, object } = await find(cluster, wanted, namespace);
    const { name } = object.metadata;
    if ('target' in wanted) {
      const which = isFinal(object) ? 'is the newest session' : 'is the running session';
      printLine(
        context.err,
        `${sessionNamed(kind.resource, name)} ${which} of ${formatTarget(wanted.target)}`,
      );
    }
    const display = await openDisplay(context, args.flags.progress);
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

async function find(cluster: Cluster, wanted: WantedSession, namespace: string): Promise<FoundSession> {
  const found =
    'target' in wanted
      ? theSession(wanted.target, await sessionsOfTarget(cluster, wanted.target, namespace), namespace)
      : (await sessionsNamed(cluster, wanted, namespace))[0];
  return found ?? (await refuseNotFound(cluster, wanted, namespace));
}

/** The running one, else the newest. @throws StashError 'precondition' if several sessions of the workload are running */
function theSession(
  target: Pick<Target, 'kind' | 'name'>,
  found: readonly FoundSession[],
  namespace: string,
): FoundSession | undefined {
  const running = found.filter(({ object }) => !isFinal(object));
  const [only, second] = running;
  if (second === undefined) return only ?? found.at(-1);
  throw new StashError(
    'precondition',
    `${running.length} sessions of ${formatTarget(target)} are running: name one of them`,
    {
      hint: running
        .slice(0, mostShown)
        .map(({ kind, object: { metadata } }) => {
          const session = sessionNamed(kind.resource, metadata.name);
          return commandLine`kubectl stash wait ${session} -n ${namespace}`;
        })
        .join('\n'),
    },
  );
}

const mostShown = 5;
