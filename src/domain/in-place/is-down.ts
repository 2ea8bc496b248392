import { isLeaving, isSwapped, pairsOf, type SwapWorld } from './swap-world.ts';

/** Whether the workload cannot run its pods because of the restore in place. */
export function isDown(world: SwapWorld): boolean {
  const { record, replicas } = world;
  if (record.replicas !== undefined && record.replicas > 0 && replicas === 0) return true;
  return pairsOf(world).some(
    (pair) => !isSwapped(pair) && !(pair.isOld && pair.live !== undefined && !isLeaving(pair.live)),
  );
}
