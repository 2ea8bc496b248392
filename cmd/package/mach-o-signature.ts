/**
 * Ad-hoc signatures for macOS, which runs no unsigned program on arm64. An ad-hoc signature contains no
 * identity: it is a list of hashes of the program's pages (a CodeDirectory) in a container (a superblob) at
 * the end of the file, as a linker writes it. See Apple's cs_blobs.h of xnu. Its fields are big-endian,
 * unlike the load commands.
 */
import { createHash } from 'node:crypto';

import { segment, setFileSize, setSignaturePlace, signaturePlace } from './mach-o.ts';

const superblobMagic = 0xfade0cc0;
const codeDirectoryMagic = 0xfade0c02;
/** The version that contains the range of the executable segment. */
const codeDirectoryVersion = 0x20400;
/** Ad hoc and written by a linker, so that `codesign` may replace it later. */
const flags = 0x2 | 0x20000;
const mainBinary = 1;
const sha256 = 2;
const hashSize = 32;
const pageBits = 12;
const pageSize = 1 << pageBits;
const superblobSize = 12 + 8;
const codeDirectorySize = 88;

/**
 * Returns the program with an ad-hoc signature, which replaces any earlier one.
 * @throws Error if it is not a 64-bit Mach-O program, or if its signature is not at the end
 */
export function adHocSigned(program: Buffer, identifier: string): Buffer {
  const linkedit = segment(program, '__LINKEDIT');
  const old = signaturePlace(program);
  const linkeditEnd = linkedit.fileOffset + linkedit.fileSize;
  if (linkeditEnd !== program.length || (old && old.offset + old.size > linkeditEnd))
    throw new Error('__LINKEDIT and the signature are not at the end of the program');
  const end = old?.offset ?? linkeditEnd;
  const start = Math.ceil(end / 16) * 16;
  const name = Buffer.from(`${identifier}\0`, 'latin1');
  const pages = Math.ceil(start / pageSize);
  const directorySize = codeDirectorySize + name.length + pages * hashSize;
  const size = Math.ceil((superblobSize + directorySize) / 16) * 16;

  const signed = Buffer.alloc(start + size);
  program.copy(signed, 0, 0, end);
  setSignaturePlace(signed, start, size);
  setFileSize(signed, linkedit, start + size - linkedit.fileOffset);

  const blob = signed.subarray(start);
  words(blob, 0, [superblobMagic, superblobSize + directorySize, 1, /* type */ 0, superblobSize]);
  const directory = blob.subarray(superblobSize);
  const text = segment(signed, '__TEXT');
  words(directory, 0, [
    codeDirectoryMagic,
    directorySize,
    codeDirectoryVersion,
    flags,
    /* hashes */ codeDirectorySize + name.length,
    /* identifier */ codeDirectorySize,
    /* special hashes */ 0,
    pages,
    /* signed bytes */ start,
  ]);
  directory.set([hashSize, sha256, /* platform */ 0, pageBits], 36);
  directory.writeBigUInt64BE(BigInt(text.fileOffset), 64);
  directory.writeBigUInt64BE(BigInt(text.fileSize), 72);
  directory.writeBigUInt64BE(BigInt(mainBinary), 80);
  name.copy(directory, codeDirectorySize);
  for (let page = 0; page < pages; page++) {
    const bytes = signed.subarray(page * pageSize, Math.min((page + 1) * pageSize, start));
    const hash = createHash('sha256').update(bytes).digest();
    hash.copy(directory, codeDirectorySize + name.length + page * hashSize);
  }
  return signed;
}

function words(buffer: Buffer, at: number, values: readonly number[]): void {
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, at + index * 4);
}
