/** Windows programs: removes a signature that no longer matches, and updates the checksum. */

/** Offsets of fields in the optional header of a 64-bit program. */
const optionalHeader = { magic: 0, checksum: 64, directories: 112 } as const;
const pe32Plus = 0x20b;
const certificateTable = 4;

/**
 * Returns the program without its signature, as it was before signing except for padding at the end.
 * @throws Error if it is not a 64-bit program, or if data follows the signature
 */
export function withoutSignature(program: Buffer): Buffer {
  const header = optionalHeaderAt(program);
  const entry = header + optionalHeader.directories + certificateTable * 8;
  const at = program.readUInt32LE(entry);
  const size = program.readUInt32LE(entry + 4);
  if (at !== 0 && at + size !== program.length) throw new Error('data follows the signature');
  const result = Buffer.from(program.subarray(0, at === 0 ? program.length : at));
  result.writeBigUInt64LE(0n, entry);
  return withChecksum(result);
}

/** Updates the checksum in the given buffer and returns it. */
export function withChecksum(program: Buffer): Buffer {
  program.writeUInt32LE(checksum(program), optionalHeaderAt(program) + optionalHeader.checksum);
  return program;
}

/**
 * Returns the sum of all 16-bit words except the checksum field, with carries added back, plus the file's
 * length.
 */
export function checksum(program: Buffer): number {
  const own = optionalHeaderAt(program) + optionalHeader.checksum;
  let sum = 0;
  for (let at = 0; at < program.length; at += 2) {
    if (at === own || at === own + 2) continue;
    sum += at + 1 < program.length ? program.readUInt16LE(at) : program.readUInt8(at);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum + program.length;
}

function optionalHeaderAt(program: Buffer): number {
  const start = program.readUInt32LE(0x3c);
  if (program.toString('latin1', 0, 2) !== 'MZ' || program.toString('latin1', start, start + 4) !== 'PE\0\0')
    throw new Error('not a Windows program');
  const header = start + 24;
  if (program.readUInt16LE(header + optionalHeader.magic) !== pe32Plus)
    throw new Error('not a 64-bit Windows program');
  return header;
}
