/** Flags of Stash's plugin that only its driver Restic uses. */
import type { Flag } from '#src/cli/command.ts';
import { longName } from '#src/cli/tokens.ts';
import { StashError } from '#src/errors.ts';

export const driverFlag = {
  type: 'string',
  valueName: 'DRIVER',
  default: 'VolumeSnapshotter',
  description: 'Driver; only VolumeSnapshotter is supported.',
} as const satisfies Flag;

const restic = {
  type: 'string',
  hidden: true,
  description: 'Of the driver Restic.',
} as const satisfies Flag;

/** Declared so that the command can explain why it refuses them. */
export const resticFlags = {
  repoName: restic,
  repoNamespace: restic,
  task: restic,
  paths: restic,
  volumeMounts: restic,
  alias: restic,
  snapshots: restic,
  host: restic,
} as const;

export function refuseRestic(
  kind: 'backupconfiguration' | 'restoresession',
  given: { readonly driver: string } & Readonly<Record<keyof typeof resticFlags, string | undefined>>,
): void {
  const names = Object.keys(resticFlags) as (keyof typeof resticFlags)[];
  const first = names.find((name) => given[name] !== undefined);
  if (given.driver === 'VolumeSnapshotter' && first === undefined) return;
  if (given.driver !== 'VolumeSnapshotter' && given.driver !== 'Restic') {
    throw new StashError('usage', `--driver takes VolumeSnapshotter, not "${given.driver}"`, {
      hint: 'leave out --driver',
    });
  }
  const what =
    first === undefined ? 'the driver Restic' : `--${longName(first)} is for the driver Restic, which`;
  throw new StashError(
    'usage',
    `${what} copies files; this program snapshots volumes, and has only VolumeSnapshotter`,
    {
      hint: `leave it out, or make that ${kind} with the plugin of AppsCode's Stash: https://stash.run`,
    },
  );
}
