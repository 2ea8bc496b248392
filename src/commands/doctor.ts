import { atSameServer } from '#src/cli/at-same-server.ts';
import { defineCommand } from '#src/cli/command.ts';
import type { ConnectionFlags } from '#src/cli/context.ts';
import { outputFlag, print } from '#src/cli/output.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { examine, listsOf, type Diagnosis } from '#src/domain/checks/examine.ts';
import { checks } from '#src/domain/checks/index.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { findingList, findingTable } from '#src/report/findings.ts';
import { readFacts } from '#src/session/plan/read-facts.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

export const command = defineCommand({
  name: 'doctor',
  usage: 'doctor [TYPE/NAME] [flags]',
  description: `Examine what snapshots and restores need: the snapshot API, Stash's kinds, the operator, your rights, configurations and their schedules, targets with their claims, drivers and snapshot classes, and restore points. Without TYPE/NAME, doctor examines every BackupConfiguration of the namespace and its target; with TYPE/NAME, only this target.

Each finding is ok, warn, fail, or unknown. It is unknown if you may not read the facts that the check needs; it then names the missing right. Below a finding is a command that fixes the problem, or a hint. doctor only reads, and exits with 1 if a check fails.

-o json and -o yaml print a FindingList. Each item has check, level and message, and may have object (what the finding is about), fix (a command after which the check passes), hint (what to do or to look at) and right (the missing right).`,
  examples: [
    '# Examine the namespace\nkubectl stash doctor',
    '# Examine a workload, with or without a configuration\nkubectl stash doctor deploy/foo',
    '# Print the failures\nkubectl stash doctor -o json | jq \'.items[] | select(.level == "fail")\'',
  ],
  flags: { output: outputFlag('value') },
  positionals: { name: 'TYPE/NAME', maximum: 2, completes: 'target' },
  async run(args, context) {
    const named = targetOf(args.words);
    const { cluster, namespace, user } = await context.cluster(args.connection);
    const target = named && { ...named, namespace };
    const { facts, subjects } = await readFacts(readerOf(cluster, namespace), {
      ...{ target, lists: listsOf(checks), user, clock: context },
    });
    const found = examine(checks, facts, subjects).map((each) => pasted(each, args.connection));
    const { output } = args.flags;
    await print(context.out, output ?? 'wide', {
      table: () => findingTable(found),
      value: () => findingList(found),
    });
    return found.some(({ level }) => level === 'fail') ? 1 : undefined;
  },
});

/** Throws 'usage' for more than one target. */
function targetOf(words: readonly string[]): Pick<Target, 'kind' | 'name'> | undefined {
  if (words.length === 0) return undefined;
  const [target, second] = parseTargets(words).names;
  if (second === undefined) return target;
  throw new StashError('usage', 'doctor takes one TYPE/NAME at a time', {
    hint: 'kubectl stash doctor TYPE/NAME',
  });
}

function pasted(diagnosis: Diagnosis, connection: ConnectionFlags): Diagnosis {
  const { fix, hint } = diagnosis;
  return {
    ...diagnosis,
    fix: fix && atSameServer(fix, connection),
    hint: hint && atSameServer(hint, connection),
  };
}
