/** `doctor` before and after the operator is installed. The operator's pods are processes on this machine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { FindingItem, FindingList } from '#src/report/findings.ts';
import { ourProgram } from '#test/support/our-program.ts';

import { configuration, namespace } from './objects.ts';
import { paste } from './paste.ts';
import { startWorld } from './world.ts';

test('the printed fix works: schedules do not run without an operator', async () => {
  await using world = await startWorld({ program: await ourProgram() });
  const web = { kind: 'Deployment', name: 'web' };
  await world.create(
    namespace('demo'),
    configuration('demo', 'nightly', web, { schedule: '@daily', paused: false }),
  );
  // The operator's processes use the machine's clock.
  world.race(1);
  const operator = async (): Promise<FindingItem | undefined> => {
    const { out } = await world.run('doctor -o json');
    return (JSON.parse(out) as FindingList).items.find(({ check }) => check === 'operator');
  };
  const before = await operator();
  assert.deepEqual([before?.level, before?.fix], ['fail', 'kubectl stash install']);
  await paste(world, [before?.fix ?? '']);
  const after = await operator();
  assert.equal(after?.level, 'ok', JSON.stringify(after));
});
