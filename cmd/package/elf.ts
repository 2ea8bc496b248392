/** Removes debug information from an ELF program: a fifth of Node's Linux binary. */

const elfHeader = { sectionsAt: 40, sectionSize: 58, sectionCount: 60, namesIndex: 62 } as const;
const sectionSize = 64;
const allocated = 2n;
const noBits = 8;

/**
 * Returns the program without its unloaded sections, that is, everything behind the last loaded byte. Appends
 * a new section table.
 * @throws Error if the file is not a 64-bit little-endian ELF file, or if an unloaded section precedes a
 * loaded one
 */
export function withoutDebugInfo(elf: Buffer): Buffer {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1)
    throw new Error('not a 64-bit little-endian ELF file');
  const sections = readSections(elf);
  const names = sections[elf.readUInt16LE(elfHeader.namesIndex)];
  const firstDropped = sections.findIndex(({ flags }, index) => index > 0 && (flags & allocated) === 0n);
  if (names === undefined || firstDropped < 0) throw new Error('the ELF file has no section names');
  if (sections.slice(firstDropped).some(({ flags }) => (flags & allocated) !== 0n))
    throw new Error('an unloaded section precedes a loaded one');

  const kept = sections.slice(0, firstDropped);
  const end = Math.max(...kept.map(({ type, offset, size }) => (type === noBits ? 0 : offset + size)));
  const namesAt = end;
  const tableAt = Math.ceil((namesAt + names.size) / 8) * 8;
  const result = Buffer.alloc(tableAt + (kept.length + 1) * sectionSize);
  elf.copy(result, 0, 0, end);
  elf.copy(result, namesAt, names.offset, names.offset + names.size);
  for (const [index, { header }] of [...kept, names].entries()) {
    header.copy(result, tableAt + index * sectionSize);
  }
  result.writeBigUInt64LE(BigInt(namesAt), tableAt + kept.length * sectionSize + 24);
  result.writeBigUInt64LE(BigInt(tableAt), elfHeader.sectionsAt);
  result.writeUInt16LE(kept.length + 1, elfHeader.sectionCount);
  result.writeUInt16LE(kept.length, elfHeader.namesIndex);
  return result;
}

function readSections(elf: Buffer) {
  const at = Number(elf.readBigUInt64LE(elfHeader.sectionsAt));
  if (elf.readUInt16LE(elfHeader.sectionSize) !== sectionSize)
    throw new Error('unexpected size of section headers');
  return Array.from({ length: elf.readUInt16LE(elfHeader.sectionCount) }, (_, index) => {
    const header = elf.subarray(at + index * sectionSize, at + (index + 1) * sectionSize);
    return {
      header,
      type: header.readUInt32LE(4),
      flags: header.readBigUInt64LE(8),
      offset: Number(header.readBigUInt64LE(24)),
      size: Number(header.readBigUInt64LE(32)),
    };
  });
}
