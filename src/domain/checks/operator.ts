/** Who carries sessions out beside the command line, and runs schedules. */
import { operatorAnswersMs } from '#src/domain/session/patience.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Lease, Stored } from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { operatorName } from '#src/api/operator.ts';
import { backupConfigurations, clusterRoleBindings, leases } from '#src/api/resources.ts';
import { formatAge } from '#src/domain/duration.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { examined, whereRead, type CheckOfNamespace, type Facts } from './check.ts';
import { isAhead, isRenewed, silentFor } from './lease-life.ts';

export const operator: CheckOfNamespace = {
  name: 'operator',
  of: 'namespace',
  about:
    'An operator watches the namespace and leads: its ClusterRoleBindings, its Lease, and the status of configurations tell. Without one, schedules do not run.',
  rights: [
    { verb: 'get', resource: clusterRoleBindings },
    { verb: 'get', resource: leases },
  ],
  after: ['stash-api'],
  lists: [backupConfigurations],
  find(facts) {
    const { lease, installed, home } = facts.operator;
    if (facts.groups.includes(appscodeOperatorGroup)) return besideAppscode(facts);
    const watched = 'value' in installed ? installed.value?.watchNamespaces : undefined;
    if (watched?.includes(facts.namespace) === false) return [elsewhere(facts, watched)];
    const found = 'value' in lease ? lease.value : undefined;
    if (found && isRenewed(found, facts.now)) {
      const { holderIdentity = '' } = found.spec ?? {};
      return [{ level: 'ok', message: `the operator of namespace ${home} runs: ${holderIdentity} leads` }];
    }
    if (found && isAhead(found, facts.now)) return [unclear(found, facts)];
    const isInstalled =
      'value' in installed ? installed.value !== undefined : found === undefined ? undefined : true;
    if (isInstalled === false) return [absent(facts)];
    if (isInstalled === true && 'value' in lease) return [silent(found, facts)];
    if (hasUnanswered(facts)) return [isInstalled === true ? silent(found, facts) : absent(facts)];
    return whereRead('value' in lease ? installed : lease, () => []);
  },
};

function besideAppscode({ operator: { lease, home }, now }: Facts): Finding[] {
  const ours = 'value' in lease ? lease.value : undefined;
  if (!ours || !isRenewed(ours, now)) {
    return [{ level: 'ok', message: "AppsCode's Stash operator runs in this cluster" }];
  }
  return [
    failure(
      'precondition',
      `AppsCode's operator runs beside the one of namespace ${home}: both carry sessions out`,
      {
        hint: commandLine`kubectl stash uninstall -n ${home}`,
      },
    ),
  ];
}

function silent(lease: Stored<Lease> | undefined, { operator: { home }, now }: Facts): Finding {
  const ms = lease ? silentFor(lease, now) : Infinity;
  const since = Number.isFinite(ms) ? `: the last one renewed its Lease ${formatAge(ms)} ago` : '';
  return failure('precondition', `no pod of the operator in namespace ${home} leads${since}`, {
    hint: commandLine`kubectl describe deployment ${operatorName} -n ${home}`,
  });
}

function unclear({ metadata, spec }: Stored<Lease>, { operator: { home } }: Facts): Finding {
  return {
    level: 'unknown',
    message: sanitize(
      `whether the operator of namespace ${home} runs: its Lease says that it was renewed at ${spec?.renewTime ?? ''}, in the future`,
    ),
    hint: `look at the Lease twice, ten seconds apart: an operator that runs changes renewTime\n${commandLine`kubectl get lease ${metadata.name} -n ${home} -o yaml`}`,
  };
}

function hasUnanswered(facts: Facts): boolean {
  return examined(facts).some(
    ({ metadata, status }) =>
      status?.phase === undefined &&
      facts.now.getTime() - Date.parse(metadata.creationTimestamp) > operatorAnswersMs.known,
  );
}

function elsewhere(facts: Facts, watched: readonly string[]): Finding {
  const { namespace, operator } = facts;
  const all = [...watched, namespace].join();
  return unattended(
    facts,
    `the operator of namespace ${operator.home} does not watch namespace ${namespace}`,
    {
      hint: commandLine`kubectl stash install -n ${operator.home} --watch-namespaces=${all}`,
    },
  );
}

function absent(facts: Facts): Finding {
  const none = `no operator found for namespace ${facts.namespace}`;
  return unattended(facts, none, { fix: 'kubectl stash install' });
}

function unattended(facts: Facts, none: string, way: Pick<Finding, 'fix' | 'hint'>): Finding {
  return examined(facts).some(({ spec }) => spec.paused !== true)
    ? failure('precondition', `${none}: schedules do not run`, way)
    : { level: 'warn', message: `${none}: only the command line carries sessions out`, ...way };
}
