/**
 * Builds a minimal macOS program: `__TEXT` with some code, then `__LINKEDIT`, and room for one more load
 * command.
 */
const pageSize = 0x1000;

export interface MacProgram {
  /** Starts at the beginning of the file and fills whole pages. */
  readonly code: Buffer;
  readonly linkedit: Buffer;
}

export function macProgram({ code, linkedit }: MacProgram): Buffer {
  const textSize = Math.ceil((pageSize + code.length) / pageSize) * pageSize;
  const program = Buffer.alloc(textSize + linkedit.length);
  const segments = [
    { name: '__TEXT', offset: 0, size: textSize },
    { name: '__LINKEDIT', offset: textSize, size: linkedit.length },
  ];
  program.writeUInt32LE(0xfeedfacf, 0);
  program.writeUInt32LE(0x0100000c, 4);
  program.writeUInt32LE(2, 12);
  program.writeUInt32LE(segments.length, 16);
  program.writeUInt32LE(segments.length * 72, 20);
  for (const [index, { name, offset, size }] of segments.entries()) {
    const at = 32 + index * 72;
    program.writeUInt32LE(0x19, at);
    program.writeUInt32LE(72, at + 4);
    program.write(name, at + 8);
    program.writeBigUInt64LE(BigInt(size), at + 32);
    program.writeBigUInt64LE(BigInt(offset), at + 40);
    program.writeBigUInt64LE(BigInt(size), at + 48);
  }
  code.copy(program, pageSize);
  linkedit.copy(program, textSize);
  return program;
}
