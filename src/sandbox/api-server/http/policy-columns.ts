/** Table columns of the RBAC kinds, after the name. */
import { at, listAt, numberAt, objectAt, stringAt } from '../json.ts';
import type { StoredObject } from '../object.ts';
import { ageColumn, column, count, text, wide, type Column } from './column.ts';

const subjects = (kind: string) => (it: StoredObject) =>
  listAt(it, 'subjects')
    .filter((subject) => at(subject, 'kind') === kind)
    .map((subject) => {
      const [name, namespace] = [stringAt(subject, 'name') ?? '', stringAt(subject, 'namespace')];
      return namespace === undefined ? name : `${namespace}/${name}`;
    })
    .join(', ');

const bindingColumns = [
  column('Role', (it) => `${stringAt(it, 'roleRef', 'kind') ?? ''}/${stringAt(it, 'roleRef', 'name') ?? ''}`),
  ageColumn,
  ...wide(
    column('Users', subjects('User')),
    column('Groups', subjects('Group')),
    column('ServiceAccounts', subjects('ServiceAccount')),
  ),
];
const roleColumns = [{ ...text('Created At', 'metadata', 'creationTimestamp'), format: 'date-time' }];

const limit = (name: string, field: string): Column =>
  column(name, (it) => stringAt(it, 'spec', field) ?? numberAt(it, 'spec', field)?.toString() ?? 'N/A');

/** The columns of each collection. */
export const policyColumns: Readonly<Record<string, readonly Column[]>> = {
  'rbac.authorization.k8s.io/roles': roleColumns,
  'rbac.authorization.k8s.io/clusterroles': roleColumns,
  'rbac.authorization.k8s.io/rolebindings': bindingColumns,
  'rbac.authorization.k8s.io/clusterrolebindings': bindingColumns,
  'policy/poddisruptionbudgets': [
    limit('Min Available', 'minAvailable'),
    limit('Max Unavailable', 'maxUnavailable'),
    count('Allowed Disruptions', 'status', 'disruptionsAllowed'),
    ageColumn,
  ],
  'networking.k8s.io/networkpolicies': [
    column('Pod-Selector', (it) => {
      const labels = Object.entries(objectAt(it, 'spec', 'podSelector', 'matchLabels'));
      return labels.map(([key, value]) => `${key}=${String(value)}`).join(',') || '<none>';
    }),
    ageColumn,
  ],
  'coordination.k8s.io/leases': [text('Holder', 'spec', 'holderIdentity'), ageColumn],
};
