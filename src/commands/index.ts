/** Every subcommand in the order of the help text. Each file exports its command as `command`. */
import type { CommandEntry } from '#src/cli/command.ts';

export const commands: readonly CommandEntry[] = [
  {
    name: 'snapshot',
    summary: 'Take a snapshot of the volumes of a workload',
    load: async () => (await import('./snapshot.ts')).command,
  },
  {
    name: 'restore',
    summary: 'Bring the volumes of a workload back from a restore point',
    load: async () => (await import('./restore.ts')).command,
  },
  {
    name: 'list',
    summary: 'List restore points',
    load: async () => (await import('./list.ts')).command,
  },
  {
    name: 'wait',
    summary: 'Follow a running session to its end',
    load: async () => (await import('./wait.ts')).command,
  },
  {
    name: 'install',
    summary: 'Install what Stash needs in a cluster',
    load: async () => (await import('./install.ts')).command,
  },
  {
    name: 'sandbox',
    summary: 'Run a small Kubernetes on this machine to try things out',
    load: async () => (await import('./sandbox.ts')).command,
  },
  {
    name: 'version',
    summary: 'Print the versions of this program, the server and Stash',
    load: async () => (await import('./version.ts')).command,
  },
];
