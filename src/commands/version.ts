import { appscodeOperatorGroup, stashGroup } from '#src/api/labels.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import { outputFlag, print } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import { clientVersion } from '#src/cli/version.ts';
import { findInstallation } from '#src/cluster/find-installation.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';

interface ServerFacts {
  readonly version: string;
  readonly volumeSnapshots: boolean;
  readonly stashCrds: boolean;
  readonly appscodeOperator: boolean;
  /** Whether our operator is installed; `hidden` if the user may not read its binding. */
  readonly ownOperator: 'none' | 'hidden' | { readonly namespace: string };
}

export const command = defineCommand({
  name: 'version',
  usage: 'version [flags]',
  description: `Print the versions of this program and of the server, and whether the server has what snapshots need: the VolumeSnapshot API, the Stash API and an operator.`,
  examples: [
    '# The versions of both sides\nkubectl stash version',
    '# Without contacting the server\nkubectl stash version --client',
  ],
  flags: {
    client: {
      type: 'boolean',
      description: 'Print only the version of this program; do not contact the server.',
    },
    output: outputFlag('value'),
  },
  async run({ flags, connection }, context) {
    const { output } = flags;
    const tell = async (facts: ServerFacts | undefined) => {
      if (output === undefined) for (const line of sentences(facts)) printLine(context.out, line);
      else await print(context.out, output, { value: () => valueOf(facts) });
    };
    if (flags.client) {
      await tell(undefined);
      return;
    }
    let facts: ServerFacts;
    try {
      const { cluster } = await context.cluster(connection);
      facts = await ask(cluster);
    } catch (error) {
      await tell(undefined);
      throw error;
    }
    await tell(facts);
  },
});

async function ask(cluster: Cluster): Promise<ServerFacts> {
  const [version, groups, ownOperator] = await Promise.all([
    cluster.serverVersion(),
    cluster.groups(),
    findOperator(cluster),
  ]);
  return {
    version,
    volumeSnapshots: groups.includes(volumeSnapshots.group),
    stashCrds: groups.includes(stashGroup),
    appscodeOperator: groups.includes(appscodeOperatorGroup),
    ownOperator,
  };
}

/** Finds the operator by its ClusterRoleBindings. Only its Deployment shows whether it works. */
async function findOperator(cluster: Cluster): Promise<ServerFacts['ownOperator']> {
  try {
    const installed = await findInstallation(cluster);
    return installed === undefined ? 'none' : { namespace: installed.home };
  } catch (error) {
    if (isStashError(error, 'forbidden')) return 'hidden';
    throw error;
  }
}

function valueOf(facts: ServerFacts | undefined) {
  return {
    clientVersion: { gitVersion: clientVersion, platform: `${process.platform}/${process.arch}` },
    ...(facts && {
      serverVersion: { gitVersion: facts.version },
      volumeSnapshots: facts.volumeSnapshots,
      stash: { crds: facts.stashCrds, operator: operatorOf(facts) },
    }),
  };
}

function sentences(facts: ServerFacts | undefined): string[] {
  const client = `Client Version: ${clientVersion}`;
  if (!facts) return [client];
  return [
    client,
    `Server Version: ${facts.version}`,
    `VolumeSnapshot API: ${facts.volumeSnapshots ? 'installed' : 'not installed'}`,
    `Stash API: ${facts.stashCrds ? 'installed' : 'not installed (kubectl stash install --crds)'}`,
    `Stash Operator: ${operatorWords(facts)}`,
  ];
}

/** Null if none was found. */
function operatorOf({ appscodeOperator, ownOperator }: ServerFacts): string | null {
  if (appscodeOperator) return 'appscode';
  return ownOperator === 'none' || ownOperator === 'hidden' ? null : 'kubectl-stash';
}

function operatorWords({ appscodeOperator, ownOperator }: ServerFacts): string {
  if (appscodeOperator) return "AppsCode's";
  switch (ownOperator) {
    case 'none':
      return 'none found; this program carries sessions out';
    case 'hidden':
      return "not AppsCode's; you may not see whether kubectl-stash's is installed";
    default:
      return `kubectl-stash's, in namespace ${ownOperator.namespace}`;
  }
}
