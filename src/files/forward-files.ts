/** Passes the members of an archive on, under another name of its root. */
import type { Writable } from 'node:stream';

import { lengthOf } from '#src/domain/files/sparse.ts';
import { partsBelow } from '#src/domain/files/rooted.ts';
import { endOfArchive, padding, writeHeader } from '#src/domain/files/tar-header.ts';

import { put, putPiece } from './put.ts';
import type { SaveFiles } from './save-files.ts';

export interface ForwardFiles extends Omit<SaveFiles, 'to' | 'onFailed'> {
  /** The new name of the archive's root; `.`: it is there, and stays as it is. */
  readonly as: string;
  readonly out: Writable;
}

/** Rejects with 'server' for a member that would leave its root, and if `out` breaks. */
export async function forwardFiles(task: ForwardFiles): Promise<void> {
  const { members, root, as, out, onFile, onBytes, onSkipped } = task;
  const renamed = (name: Buffer): Buffer =>
    Buffer.concat(
      [as, ...partsBelow(name, root)].flatMap((part) => [Buffer.from('/'), Buffer.from(part)]).slice(1),
    );
  for await (const { member, contents } of members) {
    const { type } = member;
    const name = renamed(member.name);
    if (type === 'other') {
      onSkipped(member.name, 'it is a device, a pipe or a socket');
      continue;
    }
    if (type === 'directory' && as === '.' && partsBelow(member.name, root).length === 0) continue;
    const link = type === 'hard-link' ? renamed(member.link) : member.link;
    await put(out, writeHeader({ ...member, type, name, link }));
    for await (const piece of contents) {
      await putPiece(out, piece);
      onBytes(lengthOf(piece));
    }
    await put(out, padding(member.size));
    if (type !== 'directory') onFile(member.name, member.size);
  }
  await put(out, endOfArchive);
  out.end();
}
