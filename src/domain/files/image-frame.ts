/** How the contents of a block device travel: frames, each of which has a header, and data after it. */
import { StashError } from '#src/errors.ts';

export interface Frame {
  /** So many zeros precede the data. */
  readonly hole: number;
  /** Bytes of data that follow the header; 0: this frame is the last. */
  readonly length: number;
}

export const frameHeaderBytes = 16;

export function writeFrame({ hole, length }: Frame): Buffer {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeBigUInt64BE(BigInt(hole), 0);
  header.writeBigUInt64BE(BigInt(length), 8);
  return header;
}

/** Throws 'server' if it is no header. */
export function readFrame(header: Buffer): Frame {
  const [hole, length] = [Number(header.readBigUInt64BE(0)), Number(header.readBigUInt64BE(8))];
  if (Number.isSafeInteger(hole) && Number.isSafeInteger(length)) return { hole, length };
  throw new StashError('server', 'the pod sent contents of a device that cannot be read');
}
