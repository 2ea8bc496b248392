/** Who carries sessions out beside the command line, and runs schedules. */
import { operatorAnswersMs } from '#src/domain/session/patience.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Lease, Stored } from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { operatorName } from '#src/api/operator.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import { formatAge } from '#src/domain/duration.ts';
import { failure, type Finding } from '#src/domain/finding.ts';

import { examined, whereRead, type CheckOfNamespace, type Facts } from './check.ts';

/** The leader renews its Lease every two seconds; the rest allows for clocks that differ. */
const silentAfterMs = 60_000;

export const operator: CheckOfNamespace = {
  name: 'operator',
  of: 'namespace',
  lists: [backupConfigurations],
  find(facts) {
    if (facts.groups.includes(appscodeOperatorGroup)) {
      return [{ level: 'ok', message: "AppsCode's Stash operator runs in this cluster" }];
    }
    const { lease, installed, home } = facts.operator;
    const watched = 'value' in installed ? installed.value?.watchNamespaces : undefined;
    if (watched?.includes(facts.namespace) === false) return [elsewhere(facts, watched)];
    const found = 'value' in lease ? lease.value : undefined;
    if (found && silentFor(found, facts.now) <= silentAfterMs) {
      const { holderIdentity = '' } = found.spec ?? {};
      return [{ level: 'ok', message: `the operator of namespace ${home} runs: ${holderIdentity} leads` }];
    }
    const isInstalled =
      'value' in installed ? installed.value !== undefined : found === undefined ? undefined : true;
    if (isInstalled === false) return [absent(facts)];
    if (isInstalled === true && 'value' in lease) return [silent(found, facts)];
    if (hasUnanswered(facts)) return [isInstalled === true ? silent(found, facts) : absent(facts)];
    return whereRead('value' in lease ? installed : lease, () => []);
  },
};

/** Infinite where it gave its Lease back. */
function silentFor({ spec = {} }: Stored<Lease>, now: Date): number {
  const { holderIdentity = '', renewTime = '' } = spec;
  return holderIdentity === '' ? Infinity : now.getTime() - Date.parse(renewTime);
}

function silent(lease: Stored<Lease> | undefined, { operator: { home }, now }: Facts): Finding {
  const ms = lease ? silentFor(lease, now) : Infinity;
  const since = Number.isFinite(ms) ? `: the last one renewed its Lease ${formatAge(ms)} ago` : '';
  return failure('precondition', `no pod of the operator in namespace ${home} leads${since}`, {
    hint: commandLine`kubectl describe deployment ${operatorName} -n ${home}`,
  });
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
