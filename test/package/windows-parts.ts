/** Reads a Windows program's headers, without sharing code with the writer. */

interface Section {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

const headersAt = (program: Buffer) => program.readUInt32LE(0x3c);
const directoryAt = (program: Buffer, index: number) => headersAt(program) + 24 + 112 + index * 8;

export function machineOf(program: Buffer): number {
  return program.readUInt16LE(headersAt(program) + 4);
}

export function certificateEntry(program: Buffer): { offset: number; size: number } {
  const at = directoryAt(program, 4);
  return { offset: program.readUInt32LE(at), size: program.readUInt32LE(at + 4) };
}

/** Returns the file's length according to its sections: the loader reads no further. */
export function signedLength(program: Buffer): number {
  return Math.max(...sections(program).map(({ offset, size }) => offset + size));
}

/** Returns the names of the RT_RCDATA resources, where Node looks for its program. */
export function resourceNames(program: Buffer): string[] {
  const address = program.readUInt32LE(directoryAt(program, 2));
  const section = sections(program).findLast((each) => each.address <= address);
  if (!section) return [];
  const root = section.offset + address - section.address;
  const rawData = 10;
  const types = entries(program, root, 0).filter(({ id }) => id === rawData);
  return types.flatMap(({ table }) => entries(program, root, table).flatMap(({ name }) => name ?? []));
}

function entries(program: Buffer, root: number, table: number) {
  const at = root + table;
  const count = program.readUInt16LE(at + 12) + program.readUInt16LE(at + 14);
  return Array.from({ length: count }, (_, index) => {
    const id = program.readUInt32LE(at + 16 + index * 8);
    const next = program.readUInt32LE(at + 20 + index * 8) & 0x7fffffff;
    const text = root + (id & 0x7fffffff);
    const named = id >= 0x80000000;
    const name = named
      ? program.toString('utf16le', text + 2, text + 2 + program.readUInt16LE(text) * 2)
      : undefined;
    return { id, name, table: next };
  });
}

function sections(program: Buffer): Section[] {
  const headers = headersAt(program);
  const first = headers + 24 + program.readUInt16LE(headers + 20);
  return Array.from({ length: program.readUInt16LE(headers + 6) }, (_, index) => {
    const at = first + index * 40;
    const [address, size, offset] = [12, 16, 20].map((field) => program.readUInt32LE(at + field));
    return { address: address ?? 0, size: size ?? 0, offset: offset ?? 0 };
  });
}
