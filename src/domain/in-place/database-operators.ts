/**
 * Finds the database operator that manages claims. Such an operator knows more than the volumes contain: which instance
 * leads, and how far each has come. So it may overwrite an instance whose data has gone back.
 */
import type { KubernetesObject, OwnerReference, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

export interface Database {
  /** The name of the operator. */
  readonly operator: string;
  /** `cluster/pg`, or `pg` if only labels name the database. */
  readonly name: string;
  /** How the operator itself restores a database. Undefined if it cannot use snapshots of volumes. */
  readonly recovery: string | undefined;
  /** Claims of the same database that this restore leaves as they are. */
  readonly others: readonly string[];
}

interface Known {
  readonly operator: string;
  /** The API group of the operator's kinds, or a parent of it: `percona.com` covers `pgv2.percona.com`. */
  readonly group: string;
  /** The label of its claims that names the database. */
  readonly label: string;
  /** The prefix of `app.kubernetes.io/managed-by`, needed if other programs set `label`, too. */
  readonly manager?: string;
  readonly recovery?: string;
}

const managedBy = 'app.kubernetes.io/managed-by';
const bootstrap = 'a new Cluster with spec.bootstrap.recovery.volumeSnapshots';

/** Groups and labels as the operators document them: cloudnative-pg.io (labels and annotations), strimzi.io, docs.percona.com. */
const known: readonly Known[] = [
  { operator: 'CloudNativePG', group: 'cnpg.io', label: 'cnpg.io/cluster', recovery: bootstrap },
  {
    operator: 'EDB Postgres',
    ...{ group: 'k8s.enterprisedb.io', label: 'k8s.enterprisedb.io/cluster', recovery: bootstrap },
  },
  { operator: 'Strimzi', group: 'strimzi.io', label: 'strimzi.io/cluster' },
  {
    operator: 'Percona',
    ...{ group: 'percona.com', label: 'app.kubernetes.io/instance', manager: 'percona-' },
  },
  {
    operator: 'Crunchy Postgres',
    ...{ group: 'crunchydata.com', label: 'postgres-operator.crunchydata.com/cluster' },
  },
];

export interface ManagedScene {
  /** The claims that the user restores. */
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  /** The workload, and the controllers of the pods that use the claims. */
  readonly owners: readonly OwnerReference[];
  /** All claims of the namespace. */
  readonly all: readonly Stored<PersistentVolumeClaim>[];
}

/** Returns undefined if no operator that this program knows manages the claims. */
export function findDatabase({ claims, owners, all }: ManagedScene): Database | undefined {
  const byOwner = [...owners, ...claims.flatMap(({ metadata }) => metadata.ownerReferences ?? [])].flatMap(
    (owner) => {
      const each = known.find(({ group }) => isBelow(groupOf(owner), group));
      return each ? [{ each, name: formatTarget(owner) }] : [];
    },
  );
  const byLabel = claims.flatMap((claim) => databaseLabel(claim) ?? []);
  const [found] = [...byOwner, ...byLabel];
  if (found === undefined) return undefined;
  const { operator, recovery } = found.each;
  const keys = new Set(byLabel.map(({ key }) => key));
  const restored = new Set(claims.map(({ metadata }) => metadata.name));
  const others = all.filter(
    (claim) => !restored.has(claim.metadata.name) && keys.has(databaseLabel(claim)?.key ?? ''),
  );
  return { operator, name: found.name, recovery, others: others.map(({ metadata }) => metadata.name) };
}

/** Returns `''` for the core group. */
export function groupOf({ apiVersion }: Pick<OwnerReference, 'apiVersion'>): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

function databaseLabel({ metadata: { labels = {} } }: KubernetesObject) {
  const each = known.find(
    ({ label, manager = '' }) => labels[label] !== undefined && (labels[managedBy] ?? '').startsWith(manager),
  );
  return each && { each, name: labels[each.label] ?? '', key: `${each.label}=${labels[each.label] ?? ''}` };
}

function isBelow(group: string, top: string): boolean {
  return group === top || group.endsWith(`.${top}`);
}
