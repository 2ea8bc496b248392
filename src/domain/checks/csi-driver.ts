/**
 * Checks that the driver of the claims is installed. Claims outlive their driver, but nothing can snapshot them without
 * it.
 */
import { csiDrivers, csiNodes, persistentVolumeClaims, volumeSnapshotClasses } from '#src/api/resources.ts';
import { failure, type Finding } from '#src/domain/finding.ts';

import { whereRead, type CheckOfTarget, type Facts } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';
import { claimsByDriver } from './drivers.ts';

export const csiDriver: CheckOfTarget = {
  name: 'csi-driver',
  of: 'target',
  about:
    'The driver of the claims is installed: it is registered on a node (CSINode), or there is a CSIDriver of its name.',
  lists: [persistentVolumeClaims, volumeSnapshotClasses, csiDrivers, csiNodes],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) =>
      [...claimsByDriver(facts, claims).keys()].flatMap((driver) => judge(facts, driver)),
    ),
};

function judge({ listed }: Facts, driver: string): Finding[] {
  const nodes = listed(csiNodes);
  const hosts =
    'value' in nodes
      ? nodes.value.filter(({ spec }) => spec?.drivers?.some(({ name }) => name === driver)).length
      : 0;
  if (hosts > 0) {
    return [
      { level: 'ok', message: `driver ${driver} runs on ${hosts === 1 ? '1 node' : `${hosts} nodes`}` },
    ];
  }
  return whereRead(listed(csiDrivers), (drivers) => {
    const isInstalled = drivers.some(({ metadata }) => metadata.name === driver);
    return whereRead(nodes, () => {
      if (isInstalled) return [{ level: 'warn', message: `driver ${driver} is registered on no node` }];
      return [
        failure('precondition', `driver ${driver} is not installed: no node and no CSIDriver has its name`, {
          hint: 'install the driver again: without it, its volumes can be neither snapshotted nor mounted',
        }),
      ];
    });
  });
}
