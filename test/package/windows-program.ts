/** Builds a minimal Windows program: headers, one section with `code`, and a signature after it. */
const headersAt = 0x80;
export const optionalHeaderAt = headersAt + 24;
export const certificateEntryAt = optionalHeaderAt + 112 + 4 * 8;

export function windowsProgram(code: Buffer, signature: Buffer): Buffer {
  const program = Buffer.alloc(0x200 + code.length + signature.length);
  program.write('MZ', 0);
  program.writeUInt32LE(headersAt, 0x3c);
  program.write('PE\0\0', headersAt);
  program.writeUInt16LE(0x8664, headersAt + 4);
  program.writeUInt16LE(0x20b, optionalHeaderAt);
  program.writeUInt32LE(16, optionalHeaderAt + 108);
  code.copy(program, 0x200);
  if (signature.length > 0) {
    program.writeUInt32LE(0x200 + code.length, certificateEntryAt);
    program.writeUInt32LE(signature.length, certificateEntryAt + 4);
    signature.copy(program, 0x200 + code.length);
  }
  return program;
}
