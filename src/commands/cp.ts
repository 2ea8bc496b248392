import { open, rename, rm } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';

import { defineCommand } from '#src/cli/command.ts';
import type { Connection, Context } from '#src/cli/context.ts';
import { printLine } from '#src/cli/print-line.ts';
import { systemReason } from '#src/cluster/system-reason.ts';
import { openTransfer, type TransferDisplay } from '#src/cli/transfer-display.ts';
import { ownImage } from '#src/cli/version.ts';
import { lastPart } from '#src/domain/files/claim-path.ts';
import { sendFilesCommand, sendImageCommand } from '#src/domain/files/commands-in-pod.ts';
import { containerName } from '#src/domain/files/files-pod.ts';
import { parseDestination, parsePointLocation, type PodLocation } from '#src/domain/files/location.ts';
import { podToWrite, type PodToWrite } from '#src/domain/files/pod-to-write.ts';

import { holdsProgram } from '#src/domain/files/program-image.ts';
import { accept } from '#src/domain/finding.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { forwardFiles } from '#src/files/forward-files.ts';
import { endsTooEarly, readArchive, type ArchiveMember } from '#src/files/read-archive.ts';
import { readImage } from '#src/files/read-image.ts';
import { saveFiles } from '#src/files/save-files.ts';
import { writeSparsely } from '#src/files/write-sparsely.ts';
import { transferred } from '#src/report/transfer.ts';
import { findPods } from '#src/session/files/find-pods.ts';
import type { OpenFiles } from '#src/session/files/open-files.ts';
import type { FilesPlan } from '#src/session/files/plan-files.ts';
import { failedInPod, readFromPod, runInPod } from '#src/session/files/run-in-pod.ts';

import { filesFlags, imageFlag, openRestoredFiles } from './files/flags.ts';
import { localDestination } from './files/destination.ts';

/** More of what is not copied is only counted. */
const mostTold = 20;

export const command = defineCommand({
  name: 'cp',
  usage: 'cp TYPE/NAME[@SESSION]:[CLAIM:]/PATH DESTINATION [flags]',
  description: `Copy a file or a directory out of a restore point, to this machine or into a running pod.

/PATH is the path in the volume, not in the container. CLAIM may be left out if the restore point has one claim. "/" copies the whole volume. The claim of a block volume has no paths: TYPE/NAME:CLAIM copies its contents into one file.

DESTINATION is a path of this machine, or TYPE/NAME:/PATH for a path in a running pod of a workload (or pod/NAME:/PATH), below the mount of a claim; the container needs tar. As with cp, an existing directory takes the copy in.

The command restores the claim under a temporary name, which takes storage of the namespace, and runs a pod that reads it. It deletes both when it ends; if it is killed, an operator, or a later browse, cp or diff, deletes them after ten minutes. Files appear at the destination when they are complete. Symbolic links that lead out of the copy are not made.`,
  examples: [
    '# Copy one file of the newest restore point here\nkubectl stash cp deploy/foo:data:/etc/app.conf .',
    "# Copy yesterday's directory back into the running pod\nkubectl stash cp deploy/foo@yesterday:data:/uploads deploy/foo:/data",
  ],
  flags: {
    ...filesFlags,
    ...imageFlag('Any other image must contain sh and tar.'),
  },
  positionals: { name: 'SOURCE DESTINATION', minimum: 2, maximum: 2 },
  async run({ words, flags, connection: given }, context) {
    const [from = '', to = ''] = words;
    const source = parsePointLocation(from);
    const destination = parseDestination(to);
    const name = lastPart(source.path);
    const local =
      'local' in destination
        ? await localDestination(destination.local, name ?? source.claim, context.directory())
        : undefined;
    const connection = await context.cluster(given);
    const pod = 'local' in destination ? undefined : await findPod(connection, destination);
    const image = flags.image ?? ownImage;
    const wishes = {
      ...{ target: source.target, claim: source.claim, image },
      flags: { ...flags, from: source.from ?? flags.from },
      check: ({ isBlock, claim }: FilesPlan) => {
        if (!isBlock) return;
        if (source.path !== '')
          throw new StashError('usage', `claim ${claim} has no files: it is a block device`, {
            hint: `leave out the path, and name a file for its contents: ${formatTarget(source.target)}:${claim} ./${claim}.img`,
          });
        if (local === undefined)
          throw new StashError(
            'usage',
            `claim ${claim} is a block device: it can be copied to this machine only`,
          );
      },
    };
    await openRestoredFiles(wishes, context, connection, async (files, plan) => {
      const display = await openTransfer(context);
      const copy: Copy = { context, connection, files, plan, display, image, path: source.path };
      let missing: StashError | undefined;
      try {
        missing =
          local === undefined
            ? await copyIntoPod(copy, pod, 'path' in destination ? destination.path : '')
            : await (plan.isBlock ? copyImage(copy, local) : copyHere(copy, local, name));
        display.close();
        const what = `${transferred(display.state())} of claim ${plan.claim} in restore point ${plan.point.session}`;
        printLine(context.out, `${what} copied to ${local ?? to}`);
      } catch (error) {
        throw withState(error, copy, local ?? to);
      } finally {
        display.close();
      }
      if (missing) throw missing;
    });
  },
});

interface Copy {
  readonly context: Context;
  readonly connection: Connection;
  readonly files: OpenFiles;
  readonly plan: FilesPlan;
  readonly display: TransferDisplay;
  readonly image: string;
  readonly path: string;
}

/** Resolves with an error if the copy lacks files. */
async function copyHere(copy: Copy, to: string, name: string | undefined): Promise<StashError | undefined> {
  const path = process.platform === 'win32' ? to.replaceAll('\\', '/') : to;
  const listeners = listenersOf(copy.display);
  const unread = await copyMembers(copy, (members) =>
    saveFiles({ members, root: name, to: path, ...listeners }),
  );
  const failed = listeners.failed();
  if (failed === 0) return unread;
  const what = failed === 1 ? '1 file was not copied' : `${failed} files were not copied`;
  return new StashError('precondition', [what, ...(unread ? [unread.message] : [])].join('; '), {
    hint: 'the lines above name them; copy to a file system that can have these names, and into a directory that is yours',
  });
}

async function copyIntoPod(
  copy: Copy,
  pod: PodToWrite | undefined,
  to: string,
): Promise<StashError | undefined> {
  const { files, connection } = copy;
  const { cluster } = connection;
  if (pod === undefined) throw new StashError('bug', 'no pod was found');
  const at = { ...pod, namespace: files.namespace, signal: files.signal };
  const name = lastPart(copy.path);
  const { code } = await runInPod(
    cluster,
    { ...at, command: ['test', '-d', to] },
    new PassThrough().resume(),
  );
  const isDirectory = code === 0;
  const trimmed = to.replace(/\/+$/, '');
  const inside = isDirectory ? name : lastPart(trimmed);
  const directory = isDirectory ? to : trimmed.slice(0, trimmed.lastIndexOf('/') + 1) || '/';
  const archive = new PassThrough({ highWaterMark: 1024 * 1024 });
  // The write that fails rejects with the same error.
  archive.on('error', () => undefined);
  const stopped = new AbortController();
  const command = ['tar', '-xf', '-', '-C', directory];
  const signal = AbortSignal.any([files.signal, stopped.signal]);
  const writing = runInPod(cluster, { ...at, command, stdin: archive, signal }, new PassThrough().resume());
  const written = writing.then(
    (ended) => {
      if (ended.code !== 0) archive.destroy(failedInPod(ended));
      return ended;
    },
    (error: unknown) => {
      archive.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    },
  );
  written.catch(() => undefined);
  try {
    const unread = await copyMembers(copy, (members) =>
      forwardFiles({ members, root: name, as: inside ?? '.', out: archive, ...listenersOf(copy.display) }),
    );
    const ended = await written;
    if (ended.code !== 0) throw failedInPod(ended);
    return unread;
  } catch (error) {
    stopped.abort();
    throw error;
  }
}

/** Resolves with an error if not everything could be read. */
async function copyMembers(
  { connection: { cluster }, files, image, path, display }: Copy,
  write: (members: AsyncIterable<ArchiveMember>) => Promise<void>,
): Promise<StashError | undefined> {
  const command = { ...files, container: containerName, command: sendFilesCommand(image, path) };
  const read = (output: Readable) => write(readArchive(output, display.onTotal));
  const { ended } = await readFromPod(cluster, command, read, isCutShort);
  if (ended.code === 0) return undefined;
  if (display.state().files === 0) throw failedInPod(ended);
  return new StashError(
    'precondition',
    `not everything could be read: ${ended.said.split('\n').join('; ')}`,
    {
      hint: 'what could be read was copied; --run-as-user 0 reads files of all users, where the namespace allows it',
    },
  );
}

/** The command that sends has failed, and says why. */
function isCutShort(error: unknown): boolean {
  return isStashError(error, 'server') && error.message === endsTooEarly;
}

async function copyImage(copy: Copy, to: string): Promise<StashError | undefined> {
  const { connection, files, image, display, plan } = copy;
  const total = parseQuantity(plan.template.spec.resources?.requests?.storage ?? '');
  if (total !== undefined) display.onTotal(Number(total));
  const command = { ...files, container: containerName, command: sendImageCommand(image) };
  const partial = `${to}.kubectl-stash.part`;
  try {
    await using file = await open(partial, 'w');
    const { ended } = await readFromPod(
      connection.cluster,
      command,
      (output) =>
        writeSparsely(file, holdsProgram(image) ? readImage(output) : output, undefined, display.onBytes),
      isCutShort,
    );
    if (ended.code !== 0) throw failedInPod(ended);
    await rename(partial, to);
  } finally {
    await rm(partial, { force: true });
  }
  display.onFile();
  return undefined;
}

function listenersOf(display: TransferDisplay) {
  const teller = (level: string) => {
    let count = 0;
    return {
      count: () => count,
      tell: (name: Buffer, why: string) => {
        count += 1;
        if (count <= mostTold) display.say(`${level}: ${name.toString()} is not copied: ${why}`);
        if (count === mostTold + 1) display.say(`${level}: others are not copied either`);
      },
    };
  };
  const [skipped, failed] = [teller('note'), teller('warning')];
  return {
    onFile: display.onFile,
    onBytes: display.onBytes,
    onSkipped: skipped.tell,
    onFailed: failed.tell,
    failed: failed.count,
  };
}

/** The pod that is written to: it must be there before anything is created. */
async function findPod(connection: Connection, { of, path }: PodLocation): Promise<PodToWrite> {
  const pods = await findPods(connection.cluster, connection.namespace, of);
  return accept(podToWrite(pods, path, 'pod' in of ? `pod/${of.pod}` : formatTarget(of)));
}

/** Says what is there by now; errors of the file system become ours. */
function withState(error: unknown, { display }: Copy, to: string): unknown {
  const { files } = display.state();
  const isOurs = isStashError(error);
  if (!isOurs && !(error instanceof Error && 'code' in error)) return error;
  const message = isOurs ? error.message : `cannot write to ${to}: ${systemReason(error)}`;
  const there =
    files === 0
      ? 'nothing was copied'
      : `${files} complete ${files === 1 ? 'file was' : 'files were'} copied to ${to} before`;
  return new StashError(isOurs ? error.kind : 'precondition', `${message}; ${there}`, {
    hint: isOurs ? error.hint : undefined,
    cause: error,
  });
}
