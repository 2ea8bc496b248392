/**
 * Headers of tar archives. They are written in GNU's format, which GNU tar, BusyBox and BSD tar read: names are bytes, of any length.
 * They are read in that format and in POSIX's. Files with holes have a header of POSIX's format besides, see `sparse.ts`.
 */
import { StashError } from '#src/errors.ts';

export const blockBytes = 512;

export type MemberType = 'file' | 'directory' | 'symlink' | 'hard-link' | 'other';

export interface Member {
  /** Bytes, as the file system has them. */
  readonly name: Buffer;
  readonly type: MemberType;
  /** Bytes of the contents that follow; 0 except of a file. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970. */
  readonly modified: number;
  /** The target of a link; empty of others. */
  readonly link: Buffer;
}

/** Nothing is made of another object: it only has to be no file for other programs, as a pipe is. */
const typeFlags = { file: '0', 'hard-link': '1', symlink: '2', directory: '5', other: '6' } as const;
const gnu = 'ustar  \0';
/** Of a file with holes: GNU tar looks for the map only in this format. */
const posix = 'ustar\x0000';
const longName = 'L';
const longLink = 'K';
/** Its data belongs to the next member: names of any length, and attributes. */
const mostExtraBytes = 1024 * 1024;

/** The blocks that precede the contents of a member. */
export function writeHeader(member: Member): Buffer {
  return Buffer.concat([
    ...(member.link.length > 100 ? [extra(longLink, terminated(member.link))] : []),
    ...(member.name.length > 100 ? [extra(longName, terminated(member.name))] : []),
    header(member, typeFlags[member.type]),
  ]);
}

/** The same for a file with holes: `stored` bytes follow, the map filled up to whole blocks and the parts that are not holes. */
export function writeSparseHeader(member: Member, stored: number): Buffer {
  const records = Buffer.concat([
    attribute('GNU.sparse.major', '1'),
    attribute('GNU.sparse.minor', '0'),
    attribute(sparseName, member.name),
    attribute(sparseSize, String(member.size)),
  ]);
  return Buffer.concat([
    extra('x', records),
    header({ ...member, name: member.name.subarray(-100), size: stored }, typeFlags.file, posix),
  ]);
}

/** The bytes that fill the last block of contents of `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

/** What stands at the end of an archive. */
export const endOfArchive = Buffer.alloc(2 * blockBytes);

function terminated(text: Buffer): Buffer {
  return Buffer.concat([text, Buffer.of(0)]);
}

function extra(flag: string, data: Buffer): Buffer {
  const none = { mode: 0, uid: 0, gid: 0, modified: 0, link: Buffer.alloc(0) };
  const name = Buffer.from('././@LongLink');
  return Buffer.concat([header({ ...none, name, size: data.length }, flag), data, padding(data.length)]);
}

function header(
  { name, size, mode, uid, gid, modified, link }: Omit<Member, 'type'>,
  flag: string,
  magic = gnu,
): Buffer {
  const block = Buffer.alloc(blockBytes);
  name.copy(block, 0, 0, 100);
  number(block, 100, 8, mode);
  number(block, 108, 8, uid);
  number(block, 116, 8, gid);
  number(block, 124, 12, size);
  number(block, 136, 12, Math.max(0, modified));
  block.write(flag, 156, 'latin1');
  link.copy(block, 157, 0, 100);
  block.write(magic, 257, 'latin1');
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Octal digits, or GNU's base 256 if those have no room. */
function number(block: Buffer, at: number, length: number, value: number): void {
  const digits = value.toString(8);
  if (digits.length < length) {
    block.write(`${digits.padStart(length - 1, '0')}\0`, at, 'latin1');
    return;
  }
  let rest = BigInt(value);
  for (let index = at + length - 1; index > at; index--) {
    block[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at] = 0x80;
}

/** The sum of all bytes, with spaces in place of the sum itself. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < block.length; index++)
    if (index < 148 || index >= 156) sum += block[index] ?? 0;
  return sum;
}

export type Header =
  /** A member, whose contents follow: `stored` bytes, which begin with a map if the file has holes. */
  | { readonly is: 'member'; readonly member: Member; readonly stored: number; readonly isSparse: boolean }
  /** Data of `size` bytes follows, for `Pending.take`. */
  | { readonly is: 'extra'; readonly flag: string; readonly size: number }
  | { readonly is: 'end' };

/** What was read for the next member. */
export interface Pending {
  readonly name?: Buffer;
  readonly link?: Buffer;
  readonly size?: number;
  /** The size of a file with holes. */
  readonly sparse?: number;
}

/** Reads one block. Throws 'server' if it is no header. */
export function readHeader(block: Buffer, pending: Pending): Header {
  if (block[0] === 0 && block.every((byte) => byte === 0)) return { is: 'end' };
  if (readNumber(block, 148, 8) !== checksum(block)) throw broken('a header has a wrong checksum');
  const flag = block.toString('latin1', 156, 157);
  const size = readNumber(block, 124, 12);
  if (['L', 'K', 'x', 'g'].includes(flag)) {
    if (size > mostExtraBytes) throw broken('the attributes of a file are too long');
    return { is: 'extra', flag, size };
  }
  if (flag === 'S') throw broken('the image of the pod writes sparse files in a form of its own');
  const type = typeOf(flag);
  const stored = type === 'file' || type === 'other' ? (pending.size ?? size) : 0;
  const isSparse = type === 'file' && pending.sparse !== undefined;
  return {
    is: 'member',
    ...{ stored, isSparse },
    member: {
      name: pending.name ?? nameIn(block),
      type,
      size: isSparse ? (pending.sparse ?? 0) : stored,
      mode: readNumber(block, 100, 8) & 0o7777,
      uid: readNumber(block, 108, 8),
      gid: readNumber(block, 116, 8),
      modified: readNumber(block, 136, 12),
      link: pending.link ?? text(block, 157, 100),
    },
  };
}

/** Takes in the data of a header that is `extra`. Throws 'server' if it is malformed. */
export function readExtra(flag: string, data: Buffer, pending: Pending): Pending {
  if (flag === longName) return { ...pending, name: untilNull(data) };
  if (flag === longLink) return { ...pending, link: untilNull(data) };
  if (flag === 'g') return pending;
  let read = pending;
  for (const { key, value } of attributes(data)) {
    if (key === 'path') read = { ...read, name: Buffer.from(value) };
    if (key === 'linkpath') read = { ...read, link: Buffer.from(value) };
    if (key === 'size') read = { ...read, size: whole(Number(value.toString('latin1'))) };
    if (key === sparseName) read = { ...read, name: Buffer.from(value) };
    else if (key === sparseSize) read = { ...read, sparse: whole(Number(value.toString('latin1'))) };
    else if (key === 'GNU.sparse.major' && value.toString('latin1') === '1') continue;
    else if (key === 'GNU.sparse.minor' && value.toString('latin1') === '0') continue;
    else if (key.startsWith('GNU.sparse'))
      throw broken('the image of the pod writes sparse files in a form of its own');
  }
  return read;
}

/** Precedes the members, for a progress bar: how many bytes their contents have. Other programs ignore it. */
export function writeTotal(bytes: number): Buffer {
  return extra('g', attribute(totalKey, String(bytes)));
}

/** What `writeTotal` wrote; undefined if the data says something else. */
export function readTotal(flag: string, data: Buffer): number | undefined {
  if (flag !== 'g') return undefined;
  const found = [...attributes(data)].find(({ key }) => key === totalKey);
  return found && whole(Number(found.value.toString('latin1')));
}

const totalKey = 'KUBECTL-STASH.total';
const sparseName = 'GNU.sparse.name';
const sparseSize = 'GNU.sparse.realsize';

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function attribute(key: string, value: Buffer | string): Buffer {
  const record = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = record.length;
  while (String(length).length + record.length !== length) length = String(length).length + record.length;
  return Buffer.concat([Buffer.from(String(length)), record]);
}

/** The attributes of POSIX archives: `<length> <key>=<value>\n` each. */
function* attributes(data: Buffer): Generator<{ readonly key: string; readonly value: Buffer }, void> {
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString('latin1', at, space));
    const equals = data.indexOf(0x3d, space);
    const end = at + length;
    if (space < 0 || equals < 0 || !Number.isInteger(length) || end <= equals || end > data.length)
      throw broken('the attributes of a file are malformed');
    yield { key: data.toString('latin1', space + 1, equals), value: data.subarray(equals + 1, end - 1) };
    at = end;
  }
}

function typeOf(flag: string): MemberType {
  switch (flag) {
    case '0':
    case '\0':
    case '7':
      return 'file';
    case '1':
      return 'hard-link';
    case '2':
      return 'symlink';
    case '5':
      return 'directory';
    default:
      return 'other';
  }
}

/** POSIX archives have the beginning of a long name in a field of its own. */
function nameIn(block: Buffer): Buffer {
  const name = text(block, 0, 100);
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(block, 345, 155) : Buffer.alloc(0);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

function text(block: Buffer, at: number, length: number): Buffer {
  return untilNull(block.subarray(at, at + length));
}

function untilNull(data: Buffer): Buffer {
  const end = data.indexOf(0);
  return Buffer.from(end < 0 ? data : data.subarray(0, end));
}

function readNumber(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = field
      .toString('latin1')
      .replace(/[\0 ]+$/, '')
      .trimStart();
    return whole(/^[0-7]*$/.test(digits) ? Number.parseInt(digits === '' ? '0' : digits, 8) : Number.NaN);
  }
  // A negative time before 1970 counts as 1970.
  if (((field[0] ?? 0) & 0x40) !== 0) return 0;
  let value = BigInt((field[0] ?? 0) & 0x3f);
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
  return whole(Number(value));
}

function whole(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw broken('a header contains an invalid number');
}

function broken(why: string): StashError {
  return new StashError('server', `the pod sent an archive that cannot be read: ${why}`);
}
