import { spawn } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { constants as system, tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isatty } from 'node:tty';

import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import { stashCrds } from '#src/api/crds/index.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles, type Resource } from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import type { Context } from '#src/cli/context.ts';
import { printLine } from '#src/cli/print-line.ts';
import { systemReason } from '#src/cluster/system-reason.ts';
import { clientVersion } from '#src/cli/version.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { documentation } from '#src/domain/documentation.ts';
import { buildUserRights } from '#src/domain/install/user-roles.ts';
import { StashError } from '#src/errors.ts';
import { DirectoryError } from '#src/sandbox/directory-error.ts';
import type { Sandbox, SandboxOptions } from '#src/sandbox/sandbox.ts';

import { greeting, opensShell, withPrompt } from './sandbox/shell.ts';

export const command = defineCommand({
  name: 'sandbox',
  usage: 'sandbox [-- COMMAND [ARG...]] [flags]',
  description: [
    'Run a small Kubernetes on this machine, without a cluster and without containers, to try things out.',
    "It listens on the loopback address only, with a kubeconfig that only you can read. Volumes are directories with real files. Containers whose command is a shell, and containers of this program's own image, run as your processes: `kubectl stash install` starts the operator in it. Everything is deleted when the sandbox ends, unless --dir names a directory to keep it in. The next sandbox on that directory goes on with the same objects and files.",
    `The sandbox enforces roles as Kubernetes does. You are the administrator. With --as NAME, you are the user NAME, who has only the roles for users (${documentation('rbac.md')}) in namespace default; take one away to see what it is for. The kubeconfig then has two contexts: NAME, and sandbox for the administrator.`,
    `Its driver can be slow or faulty, as the parameters of a StorageClass or VolumeSnapshotClass say: delay and cutDelay (500ms, 2s, 1m), fault (error-once, error-always, never-ready or full), snapshots (die-with-volume) and restoreSize (exact). See ${documentation('sandbox.md')} for what each does, and how to reach a port of a pod.`,
    'With a COMMAND, the sandbox runs it with KUBECONFIG set and with this program on PATH as a plugin of kubectl, and ends with its exit code. A shell that you type in says where you are, also in its prompt. Otherwise the sandbox runs until Ctrl-C.',
  ].join('\n\n'),
  examples: [
    '# Run it until Ctrl-C; it prints how to reach it\nkubectl stash sandbox',
    '# Open a shell in it, with a workload to try the commands on\nkubectl stash sandbox --demo -- bash',
    '# Work as a user with the documented roles, without the role for hooks\nkubectl stash sandbox --as dev -- bash\nkubectl --context sandbox delete rolebinding stash-hooks',
    '# Run one command\nkubectl stash sandbox -- kubectl get storageclass,volumesnapshotclass',
  ],
  flags: {
    dir: {
      type: 'string',
      valueName: 'DIRECTORY',
      description:
        'Keep everything in this directory for the next sandbox; by default a temporary directory that is deleted at the end.',
    },
    demo: {
      type: 'boolean',
      description:
        'Run deploy/demo in namespace default, with a file in its claim demo-data, to try the commands on.',
    },
  },
  after: true,
  async run(args, context) {
    const [program, ...rest] = args.after ?? [];
    if (args.after && program === undefined) {
      throw new StashError('usage', 'no command follows --', { hint: 'kubectl stash sandbox -- bash' });
    }
    const { dir, demo: withDemo } = args.flags;
    const { as } = args.connection;
    checkUser(as);
    const directory = dir === undefined ? await makeTemporary() : await makeDirectory(dir);
    const say = (line: string) => {
      printLine(context.err, line);
    };
    try {
      const sandbox = await start({
        directory,
        keep: dir !== undefined,
        as,
        program: { argv: context.program, version: clientVersion },
        now: () => context.now(),
        onError: (message) => {
          say(`sandbox: ${message}`);
        },
      });
      try {
        const { applyDefinitions } = await import('#src/sandbox/seed.ts');
        await applyDefinitions(sandbox.cluster, stashCrds);
        if (as !== undefined) {
          await grantTo(as, sandbox);
          say(
            `you are ${as}, with the roles for users in namespace default; context sandbox is the administrator's`,
          );
        }
        const demo = withDemo ? await demonstrate(sandbox, context, say) : [];
        if (program === undefined) return await serve(sandbox, context, say, demo);
        const bin = join(directory, 'bin');
        const path = await withPlugin(bin, context);
        const given = {
          command: [program, ...rest],
          env: { ...context.env, PATH: path, KUBECONFIG: sandbox.kubeconfig },
        };
        const forPerson = isatty(0) && opensShell(given.command);
        if (forPerson) for (const line of greeting(dir, demo)) say(line);
        const { command, env } = forPerson ? await withPrompt(given.command, given.env, bin) : given;
        return await runIn(command, env, context.signal);
      } finally {
        await sandbox.stop();
      }
    } finally {
      if (dir === undefined) await rm(directory, { recursive: true, force: true });
    }
  },
});

/** Throws 'usage' for names that the administrator, whose context is in the same kubeconfig, or the cluster uses. */
function checkUser(as: string | undefined): void {
  if (as !== undefined && ['', 'sandbox', 'sandbox-admin'].includes(as)) {
    throw new StashError('usage', `--as: "${as}" is empty or a name of the administrator`, {
      hint: 'use another name, for example --as dev',
    });
  }
  if (as?.startsWith('system:') === true) {
    throw new StashError(
      'usage',
      `--as: "${as}" is reserved: names that begin with system: belong to the cluster`,
      {
        hint: 'use another name, for example --as dev',
      },
    );
  }
}

/** Resets roles and bindings that an earlier sandbox on the same directory has left. */
async function grantTo(user: string, { cluster }: Sandbox): Promise<void> {
  const rights = buildUserRights(user, 'default');
  const apply = (resource: Resource, object: Named<KubernetesObject>) =>
    cluster.patch(resource, object.metadata, object, { type: 'apply' });
  for (const role of rights.roles) await apply(role.kind === 'Role' ? roles : clusterRoles, role);
  for (const binding of rights.bindings)
    await apply(binding.kind === 'RoleBinding' ? roleBindings : clusterRoleBindings, binding);
}

/** Resolves with the lines that say what to try. */
async function demonstrate(
  { cluster }: Sandbox,
  clock: Context,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  const { demoLines, startDemo } = await import('./sandbox/demo.ts');
  await startDemo({ cluster, clock, signal: clock.signal, tell });
  return demoLines;
}

async function makeTemporary(): Promise<string> {
  const parent = tmpdir();
  try {
    return await mkdtemp(join(resolve(parent), 'kubectl-stash-'));
  } catch (error) {
    throw new StashError('precondition', `cannot make a directory in ${parent}: ${systemReason(error)}`, {
      hint: 'use --dir DIRECTORY, or set $TMPDIR to a writable directory',
      cause: error,
    });
  }
}

async function makeDirectory(dir: string): Promise<string> {
  try {
    // An empty name would be the working directory.
    const directory = dir === '' ? dir : resolve(dir);
    await makeWithParents(directory);
    await access(directory, constants.W_OK);
    return directory;
  } catch (error) {
    throw unusable(dir, error);
  }
}

/** In a directory that takes no files, as /proc, `mkdir` with `recursive` never ends. */
async function makeWithParents(directory: string): Promise<void> {
  const make = () => mkdir(directory, { mode: 0o700 });
  try {
    await make();
  } catch (error) {
    const isThere = await stat(directory).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere) return;
    const parent = dirname(directory);
    if (parent === directory || !isSystemError(error) || error.code !== 'ENOENT') throw error;
    await makeWithParents(parent);
    await make();
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error;
}

function unusable(dir: string, error: unknown): StashError {
  return new StashError('precondition', `cannot use ${dir || '""'} as a directory: ${systemReason(error)}`, {
    hint: 'use the absolute path of a writable directory: --dir DIRECTORY',
    cause: error,
  });
}

async function start(options: SandboxOptions): Promise<Sandbox> {
  // Slow to load, and not needed for the help text.
  const { startSandbox } = await import('#src/sandbox/sandbox.ts');
  try {
    return await startSandbox(options);
  } catch (error) {
    if (error instanceof DirectoryError) {
      throw new StashError('precondition', error.message, { hint: error.hint, cause: error });
    }
    throw isSystemError(error) && error.path?.startsWith(options.directory) === true
      ? unusable(options.directory, error)
      : error;
  }
}

async function serve(
  { url, kubeconfig }: Sandbox,
  { out, signal }: Context,
  say: (line: string) => void,
  demo: readonly string[],
): Promise<number> {
  printLine(out, commandLine`export KUBECONFIG=${kubeconfig}`);
  say(
    `serving a sandbox on ${url}; paste the line above into another terminal; Ctrl-C here ends the sandbox`,
  );
  for (const line of demo) say(line);
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    signal.addEventListener(
      'abort',
      () => {
        done();
      },
      { once: true },
    );
  });
  return 0;
}

/** Returns PATH with this program first, under the names by which kubectl finds plugins. */
async function withPlugin(directory: string, { program, env }: Context): Promise<string> {
  await mkdir(directory, { recursive: true });
  const quoted = program.map((word) => `"${word}"`).join(' ');
  const files =
    process.platform === 'win32'
      ? { 'kubectl-stash.cmd': `@${quoted} %*\r\n` }
      : {
          'kubectl-stash': `#!/bin/sh\nexec ${quoted} "$@"\n`,
          'kubectl_complete-stash': `#!/bin/sh\nexec ${quoted} __complete "$@"\n`,
        };
  for (const [name, script] of Object.entries(files)) {
    await writeFile(join(directory, name), script, { mode: 0o755 });
  }
  return [directory, env['PATH'] ?? ''].filter(Boolean).join(delimiter);
}

const whyNot: Readonly<Record<string, string>> = {
  ENOENT: 'no such program',
  EACCES: 'permission denied',
};

/** Resolves with the command's exit code once it has ended, also after Ctrl-C, which the terminal sends to both. */
async function runIn(
  [program = '', ...args]: readonly string[],
  env: Context['env'],
  signal: AbortSignal,
): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env });
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<number>((done, fail) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        fail(
          new StashError(
            error.code === 'ENOENT' ? 'not-found' : 'precondition',
            `cannot run ${program}: ${whyNot[error.code ?? ''] ?? error.message}`,
            {
              hint: 'name a program on your PATH after --',
              cause: error,
            },
          ),
        );
      });
      child.once('exit', (code, killedBy) => {
        done(code ?? 128 + (killedBy === null ? 0 : system.signals[killedBy]));
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
