/** What `browse`, `cp` and `diff` have in common. */
import type { Args, Flags } from '#src/cli/command.ts';
import type { Connection, Context } from '#src/cli/context.ts';
import { fromFlag } from '#src/cli/flags.ts';
import { tellOn } from '#src/cli/print-line.ts';
import { ownImage } from '#src/cli/version.ts';
import { commandLineId } from '#src/domain/session/holder.ts';
import type { Target } from '#src/domain/workload/target.ts';
import type { OpenFiles } from '#src/session/files/open-files.ts';
import { withFiles } from '#src/session/files/open-files.ts';
import { planFiles, type FilesPlan } from '#src/session/files/plan-files.ts';
import { removeAbandoned } from '#src/session/files/remove-abandoned.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

export const filesFlags = {
  ...fromFlag,
  storageClass: {
    type: 'string',
    valueName: 'CLASS',
    completes: 'storage-class',
    description: 'StorageClass of the temporary claim; by default the class of the original claim.',
  },
  runAsUser: {
    type: 'number',
    minimum: 0,
    valueName: 'UID',
    description:
      "User that reads the files. By default the user of the workload's container, else 65532; 0 reads all files, where the namespace lets pods run as root.",
  },
  timeout: {
    type: 'duration',
    default: '10m',
    valueName: 'DURATION',
    description: 'How long the volume and the pod may take to be there.',
  },
} as const satisfies Flags;

/** Adds `--claim`. */
export const claimFlag = {
  claim: {
    type: 'string',
    valueName: 'CLAIM',
    completes: 'claim',
    description: 'The claim, where the restore point has several.',
  },
} as const satisfies Flags;

/** Adds `--image`; `needs`: what another image must contain. */
export function imageFlag(needs: string) {
  return {
    image: {
      type: 'string',
      valueName: 'IMAGE',
      description: `Image of the temporary pod, by default that of this version. A copy of it in another registry must be called kubectl-stash, too. ${needs}`,
    },
  } as const satisfies Flags;
}

export interface FilesWishes {
  readonly target: Pick<Target, 'kind' | 'name'>;
  readonly claim: string | undefined;
  readonly image?: string | undefined;
  readonly live?: boolean;
  readonly flags: Args<typeof filesFlags>['flags'];
  /** Refuses what the command cannot do with this claim, before anything is created. */
  readonly check?: (plan: FilesPlan) => void;
}

/** Runs `work` beside a pod with the files, and deletes everything afterwards. */
export async function openRestoredFiles<T>(
  { target, claim, image, live = false, flags, check }: FilesWishes,
  context: Context,
  { cluster, namespace, user: userName }: Connection,
  work: (files: OpenFiles, plan: FilesPlan) => Promise<T>,
): Promise<T> {
  const tell = tellOn(context);
  const reader = readerOf(cluster, namespace);
  const now = context.now();
  await removeAbandoned({ cluster, now, tell }, await reader.restoreSessions());
  const plan = await planFiles(reader, {
    ...{ target: { ...target, namespace }, claim, live, now, userName, id: commandLineId() },
    ...{ from: flags.from, storageClass: flags.storageClass, user: flags.runAsUser },
    image: image ?? ownImage,
  });
  check?.(plan);
  for (const note of plan.notes) tell(`note: ${note}`);
  const environment = { cluster, clock: context, signal: context.signal, tell };
  tell(
    `restoring claim ${plan.claim} of restore point ${plan.point.session} beside it, for this command only`,
  );
  return await withFiles(environment, { ...plan, timeoutMs: flags.timeout }, (files) => work(files, plan));
}
