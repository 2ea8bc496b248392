/** All subcommands in the order of the help text. Each file exports its command as `command`. */
import type { CommandEntry } from '#src/cli/command.ts';

export const commands: readonly CommandEntry[] = [
  {
    name: 'snapshot',
    summary: 'Take a snapshot of the volumes of a workload',
    load: async () => (await import('./snapshot.ts')).command,
  },
  {
    name: 'restore',
    summary: 'Restore the volumes of a workload from a restore point',
    load: async () => (await import('./restore.ts')).command,
  },
  {
    name: 'undo',
    summary: 'Go back to the volumes from before a restore in place',
    load: async () => (await import('./undo.ts')).command,
  },
  {
    name: 'browse',
    summary: 'Open a shell beside the files of a restore point',
    load: async () => (await import('./browse.ts')).command,
  },
  {
    name: 'cp',
    summary: 'Copy files out of a restore point',
    load: async () => (await import('./cp.ts')).command,
  },
  {
    name: 'diff',
    summary: 'List the files that differ from a restore point',
    load: async () => (await import('./diff.ts')).command,
  },
  {
    name: 'list',
    summary: 'List restore points',
    load: async () => (await import('./list.ts')).command,
  },
  {
    name: 'list schedules',
    summary: 'List schedules, and when they are due',
    load: async () => (await import('./list/schedules.ts')).command,
  },
  {
    name: 'describe',
    summary: 'Show all that is known of a workload or a session',
    load: async () => (await import('./describe.ts')).command,
  },
  {
    name: 'volumes',
    summary: 'List the volumes that restores in place have kept',
    load: async () => (await import('./volumes.ts')).command,
  },
  {
    name: 'forget',
    summary: 'Give up the volumes that a restore in place has kept',
    load: async () => (await import('./forget.ts')).command,
  },
  {
    name: 'wait',
    summary: 'Follow a running session to its end',
    load: async () => (await import('./wait.ts')).command,
  },
  {
    name: 'doctor',
    summary: 'Examine what snapshots and restores need',
    load: async () => (await import('./doctor.ts')).command,
  },
  {
    name: 'coverage',
    summary: 'List claims, and the restore points that protect them',
    load: async () => (await import('./coverage.ts')).command,
  },
  {
    name: 'schedule',
    summary: 'Schedule snapshots of a workload',
    load: async () => (await import('./schedule.ts')).command,
  },
  {
    name: 'trigger',
    summary: 'Run a BackupConfiguration now',
    load: async () => (await import('./trigger.ts')).command,
  },
  {
    name: 'pause',
    summary: 'Pause the schedule of a BackupConfiguration',
    load: async () => (await import('./pause.ts')).command,
  },
  {
    name: 'resume',
    summary: 'Resume the schedule of a BackupConfiguration',
    load: async () => (await import('./resume.ts')).command,
  },
  {
    name: 'pin',
    summary: 'Keep restore points from being deleted',
    load: async () => (await import('./pin.ts')).command,
  },
  {
    name: 'unpin',
    summary: 'Let retention delete restore points again',
    load: async () => (await import('./unpin.ts')).command,
  },
  {
    name: 'delete',
    summary: 'Print what depends on sessions and snapshots, and delete them',
    load: async () => (await import('./delete.ts')).command,
  },
  {
    name: 'delete schedule',
    summary: 'Delete the schedule of a workload, and keep its snapshots',
    load: async () => (await import('./delete/schedule.ts')).command,
  },
  {
    name: 'create backupconfiguration',
    summary: "Create a BackupConfiguration with the flags of Stash's plugin",
    load: async () => (await import('./create/backupconfiguration.ts')).command,
  },
  {
    name: 'create restoresession',
    summary: "Create a RestoreSession with the flags of Stash's plugin",
    load: async () => (await import('./create/restoresession.ts')).command,
  },
  {
    name: 'install',
    summary: 'Install the operator and what it needs',
    load: async () => (await import('./install.ts')).command,
  },
  {
    name: 'uninstall',
    summary: 'Remove the operator, and keep configurations and sessions',
    load: async () => (await import('./uninstall.ts')).command,
  },
  {
    name: 'sandbox',
    summary: 'Run a small Kubernetes on this machine to try things out',
    load: async () => (await import('./sandbox.ts')).command,
  },
  {
    name: 'completion',
    summary: 'Print a shell completion script',
    load: async () => (await import('./completion.ts')).command,
  },
  {
    name: 'version',
    summary: 'Print the versions of this program, the server and Stash',
    load: async () => (await import('./version.ts')).command,
  },
  {
    name: 'operator run',
    summary: 'Run the operator',
    hidden: true,
    load: async () => (await import('./operator/run.ts')).command,
  },
  {
    name: 'operator create-backupsession',
    summary: 'Create a BackupSession of a BackupConfiguration',
    hidden: true,
    load: async () => (await import('./operator/create-backupsession.ts')).command,
  },
  {
    name: 'operator create-vs',
    summary: 'Carry out a BackupSession',
    hidden: true,
    load: async () => (await import('./operator/create-vs.ts')).command,
  },
  {
    name: 'operator restore-vs',
    summary: 'Carry out a RestoreSession',
    hidden: true,
    load: async () => (await import('./operator/restore-vs.ts')).command,
  },
  {
    name: 'operator keep-pod',
    summary: 'Wait until the pod is deleted',
    hidden: true,
    load: async () => (await import('./operator/keep-pod.ts')).command,
  },
  {
    name: 'operator send-files',
    summary: 'Write files of a mounted volume to stdout',
    hidden: true,
    load: async () => (await import('./operator/send-files.ts')).command,
  },
  {
    name: 'operator send-image',
    summary: 'Write a block volume to stdout',
    hidden: true,
    load: async () => (await import('./operator/send-image.ts')).command,
  },
  {
    name: 'operator compare-files',
    summary: 'Print how the files of two volumes differ',
    hidden: true,
    load: async () => (await import('./operator/compare-files.ts')).command,
  },
  {
    name: 'operator browse-files',
    summary: 'Run a small shell beside the files of a volume',
    hidden: true,
    load: async () => (await import('./operator/browse-files.ts')).command,
  },
  {
    name: 'operator probe-volume',
    summary: 'Write or read the data of a probe',
    hidden: true,
    load: async () => (await import('./operator/probe-volume.ts')).command,
  },
];
