/** Reads and writes the load commands of a 64-bit Mach-O program that a signature affects. */

export const headerSize = 32;
const magic = 0xfeedfacf;
const segment64 = 0x19;
const codeSignature = 0x1d;

/** `at`: the command's offset in the file. */
export interface LoadCommand {
  readonly at: number;
  readonly type: number;
  readonly size: number;
}

export interface Segment {
  readonly at: number;
  readonly name: string;
  readonly fileOffset: number;
  readonly fileSize: number;
}

/** @throws Error if the file is not a 64-bit Mach-O program */
export function loadCommands(program: Buffer): LoadCommand[] {
  if (program.readUInt32LE(0) !== magic) throw new Error('not a 64-bit Mach-O file');
  const commands: LoadCommand[] = [];
  let at = headerSize;
  for (let left = program.readUInt32LE(16); left > 0; left--) {
    const size = program.readUInt32LE(at + 4);
    commands.push({ at, type: program.readUInt32LE(at), size });
    at += size;
  }
  return commands;
}

export function segments(program: Buffer): Segment[] {
  return loadCommands(program)
    .filter(({ type }) => type === segment64)
    .map(({ at }) => ({
      at,
      name: program.toString('latin1', at + 8, at + 24).replace(/\0.*$/s, ''),
      fileOffset: Number(program.readBigUInt64LE(at + 40)),
      fileSize: Number(program.readBigUInt64LE(at + 48)),
    }));
}

/** @throws Error if there is no such segment */
export function segment(program: Buffer, name: string): Segment {
  const found = segments(program).find((each) => each.name === name);
  if (!found) throw new Error(`the program has no segment ${name}`);
  return found;
}

/** Sets the segment's size in the file, in bytes, and its size in memory accordingly. */
export function setFileSize(program: Buffer, { at }: Segment, size: number): void {
  program.writeBigUInt64LE(BigInt(size), at + 48);
  // The size in memory: whole pages, of the larger of the two page sizes that Macs use.
  program.writeBigUInt64LE(BigInt(Math.ceil(size / 0x4000) * 0x4000), at + 32);
}

/** Returns the signature's range from its load command, or undefined if there is none. */
export function signaturePlace(program: Buffer): { offset: number; size: number } | undefined {
  const command = loadCommands(program).find(({ type }) => type === codeSignature);
  return (
    command && { offset: program.readUInt32LE(command.at + 8), size: program.readUInt32LE(command.at + 12) }
  );
}

/**
 * Updates the load command of the signature, or appends one.
 * @throws Error if there is no room for one before the first section
 */
export function setSignaturePlace(program: Buffer, offset: number, size: number): void {
  const commands = loadCommands(program);
  let command = commands.find(({ type }) => type === codeSignature);
  if (!command) {
    const length = program.readUInt32LE(20);
    command = { at: headerSize + length, type: codeSignature, size: 16 };
    if (program.subarray(command.at, command.at + command.size).some((byte) => byte !== 0))
      throw new Error('there is no room for the load command of a signature');
    program.writeUInt32LE(commands.length + 1, 16);
    program.writeUInt32LE(length + command.size, 20);
    program.writeUInt32LE(command.type, command.at);
    program.writeUInt32LE(command.size, command.at + 4);
  }
  program.writeUInt32LE(offset, command.at + 8);
  program.writeUInt32LE(size, command.at + 12);
}
