/** What each picture shows: the commands that a user types in a sandbox. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { commandLine } from '#src/domain/command-line.ts';
import { readGuide } from '#test/e2e/guide.ts';
import { root } from '#test/demo/stash.ts';

export interface Scene {
  /** `docs/pictures/NAME.svg` */
  readonly name: string;
  /** What the picture shows, for readers who do not see it. */
  readonly title: string;
  /** The Markdown file that shows the picture, relative to the project. */
  readonly page: string;
  readonly steps: readonly Step[];
}

export interface Step {
  /** For bash. */
  readonly command: string;
  /** A step that is not seen is run before the next one that is. */
  readonly isSeen: boolean;
}

interface GuideScene {
  readonly title: string;
  /** Run before all others, unseen. */
  readonly before?: readonly string[];
  /** Commands of the guide, in its order. */
  readonly seen: readonly string[];
  /** Default: the other commands of the guide before these are run, unseen. */
  readonly others?: 'left out';
}

const guides: Readonly<Record<string, GuideScene>> = {
  deployment: {
    title:
      'A snapshot of a Deployment, whose Deployment and claim are then deleted; restore creates the claim again',
    seen: [
      'kubectl stash snapshot deployment/stash-demo',
      'kubectl delete deployment/stash-demo --wait --timeout=60s',
      'kubectl delete persistentvolumeclaim/stash-sample-data --wait --timeout=60s',
      'kubectl stash restore deployment/stash-demo',
    ],
  },
  statefulset: {
    title:
      'A snapshot of the three claims of a StatefulSet, which is scaled to 0; restore creates them again',
    seen: [
      'kubectl stash snapshot statefulset/stash-demo',
      'kubectl scale statefulset/stash-demo --replicas=0',
      'kubectl stash restore statefulset/stash-demo',
      'kubectl scale statefulset/stash-demo --replicas=3',
    ],
  },
  database: {
    title: 'A snapshot of two claims: the pre hook stops the server, the post hook lets it continue',
    before: [applyFile('ledger.yaml'), 'kubectl rollout status statefulset/ledger'],
    seen: ['kubectl stash snapshot statefulset/ledger --pre "sh /scripts/freeze" --post "sh /scripts/thaw"'],
    others: 'left out',
  },
  pvc: {
    title: 'A snapshot of a stand-alone claim, and a RestoreSession from a file that makes a copy of it',
    seen: [
      'kubectl stash snapshot pvc/source-data',
      'kubectl stash restore -f restoresession.yaml --dry-run=client',
      'kubectl stash restore -f restoresession.yaml',
    ],
  },
  namespace: {
    title:
      'Snapshots of all workloads of a namespace at once, which are deleted and restored with one command',
    seen: [
      'kubectl stash snapshot deployments,statefulsets --all',
      'kubectl delete deployment/gallery statefulset/index --wait --timeout=60s',
      'kubectl stash restore --all',
    ],
  },
  'in-place': {
    title:
      'A restore in place prints its plan, replaces the volume of a running Deployment, and brings its data back',
    seen: [
      'kubectl stash restore deployment/shop --in-place --yes',
      'kubectl exec deployment/shop -- cat /data/orders.txt',
    ],
  },
  'one-file': {
    title:
      'diff lists a changed, an added and a removed file since the restore point; cp copies two of them back into the pod',
    seen: [
      'kubectl stash diff deploy/shop',
      'kubectl stash cp deploy/shop:/conf/prices deploy/shop:/data/conf/prices',
      'kubectl stash cp deploy/shop:/orders deploy/shop:/data/orders',
      'kubectl exec deploy/shop -- cat /data/conf/prices /data/orders /data/note',
    ],
  },
  schedule: {
    title:
      'A schedule for a Deployment, the CronJob that the operator makes of it, and a snapshot outside the schedule',
    before: ['kubectl stash install'],
    seen: [
      'kubectl stash schedule deployment/notes --cron "0 3 * * *" --keep-last 3',
      'kubectl get cronjob',
      'kubectl stash trigger deploy-notes',
    ],
  },
};

const snapshotAndRestore: Scene = {
  name: 'snapshot-and-restore',
  title: 'kubectl stash snapshots two claims of a Deployment, which are then deleted, and restores them',
  page: 'README.md',
  steps: [
    ...[applyFile('shop.yaml'), 'kubectl rollout status deploy/shop'].map(unseen),
    ...[
      'kubectl stash snapshot deploy/shop',
      'kubectl delete deployment/shop pvc/shop-data pvc/shop-images',
      'kubectl stash restore deploy/shop',
    ].map(seen),
  ],
};

export const scenes: readonly Scene[] = [
  snapshotAndRestore,
  ...Object.entries(guides).map(([name, guide]) => sceneOfGuide(name, guide)),
];

/** Throws an Error if the guide does not have a command that is to be seen. */
function sceneOfGuide(name: string, { title, before = [], seen: shown, others }: GuideScene): Scene {
  const page = `docs/guides/${name}.md`;
  const left = [...shown];
  const steps: Step[] = before.map(unseen);
  for (const { command } of readGuide(readFileSync(join(root, page), 'utf8'))) {
    if (left.length === 0) break;
    if (command === left[0]) steps.push(seen(left.shift() ?? ''));
    else if (others !== 'left out') steps.push(unseen(command));
  }
  if (left.length > 0) throw new Error(`${page} has no command ${left[0] ?? ''} after the others`);
  return { name, title, page, steps };
}

/** `file`: in this directory. */
function applyFile(file: string): string {
  return commandLine`kubectl apply -f ${join(import.meta.dirname, file)}`;
}

function seen(command: string): Step {
  return { command, isSeen: true };
}

function unseen(command: string): Step {
  return { command, isSeen: false };
}
