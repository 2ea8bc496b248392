/** Snapshot, disaster, restore: what a user would type, step by step. KUBECONFIG is a sandbox's. */
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { compareVolumes, digest, type Trees } from './compare.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { showOn, type Show } from './show.ts';
import { stash } from './stash.ts';

async function main(): Promise<void> {
  const show = showOn(process.stdout);
  const { cluster } = await connect({}, process.env, { clock: scaledClock(), version: 'demo' });
  try {
    const began = performance.now();
    const same = await tell(cluster, show);
    const took = ((performance.now() - began) / 1000).toFixed(1);
    show.line(same ? `\nEvery byte is back, after ${took}s.` : '\nThe volumes are NOT what they were.');
    if (same) whatNext(show);
    process.exitCode = same ? 0 : 1;
  } finally {
    cluster.close();
  }
}

/** Resolves with true if every volume is restored unchanged. */
async function tell(cluster: Cluster, show: Show): Promise<boolean> {
  const kubectl = createKubectl(cluster, show);

  show.note('A Deployment with a volume, and a StatefulSet of three with a volume each');
  await start(kubectl);

  show.note('Real files in each volume: 4 MB of random bytes, a program, a symlink, an empty directory');
  await kubectl.runEverywhere('fill.sh');
  const before = await readVolumes(kubectl);
  show.line([...before.values()].at(-1)?.trimEnd() ?? '');
  for (const [volume, tree] of before) show.line(`${volume}: ${digest(tree)}`);

  show.note('A snapshot of all four volumes');
  await stash(show, 'snapshot deploy/shop sts/db');

  show.note('The disaster: workloads, claims and data are gone');
  await kubectl.deleteWorkloads('deployment/shop', 'statefulset/db');
  await kubectl.deleteAllClaims();
  await kubectl.showThatNothingIsLeft();

  show.note('The restore points outlive all of that');
  await stash(show, 'list');

  show.note('The claims come back first, then the workloads that use them');
  await stash(show, 'restore deploy/shop');
  await stash(show, 'restore sts/db');
  await start(kubectl);

  show.note('Before and after: one checksum over names, modes, links and bytes of each volume');
  return compareVolumes(show, before, await readVolumes(kubectl));
}

async function start(kubectl: Kubectl): Promise<void> {
  await kubectl.apply('shop.yaml', 'db.yaml');
  await kubectl.rollout('deployment/shop');
  await kubectl.rollout('statefulset/db');
}

/** Resolves with the contents of each claim's volume. */
async function readVolumes(kubectl: Kubectl): Promise<Trees> {
  const trees = await kubectl.runEverywhere('tree.sh');
  return new Map(
    [...trees].map(([pod, tree]) => [pod.startsWith('shop-') ? 'shop-data' : `data-${pod}`, tree]),
  );
}

function whatNext(show: Show): void {
  show.line(`
Next:
  npm run -s stash -- sandbox -- bash   a shell in such a cluster, where kubectl works too; and in it:
  npm run -s stash -- list              the plugin: snapshot, restore, list, wait
  npm run -s stash -- help              what else it can do
  README.md                             how to use it on a cluster of yours`);
}

main().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
