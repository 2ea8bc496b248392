/** Verifies an ad-hoc signature as macOS does, without sharing code with the signer. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export interface Verified {
  readonly identifier: string;
  readonly pages: number;
  /** How many bytes of the file the hashes cover. */
  readonly covered: number;
}

/** Throws if the signature is missing or misplaced, or if a hash does not match. */
export function verifySignature(program: Buffer): Verified {
  const commands = [...readCommands(program)];
  const places = commands.filter(({ type }) => type === 0x1d);
  assert.equal(places.length, 1, 'one LC_CODE_SIGNATURE');
  const [offset = 0, size = 0] =
    places.map(({ body }) => [body.readUInt32LE(0), body.readUInt32LE(4)])[0] ?? [];
  assert.equal(offset % 16, 0);
  assert.equal(offset + size, program.length, 'it is the end of the file');

  const segments = commands.filter(({ type }) => type === 0x19).map(({ body }) => readSegment(body));
  const linkedit = segments.at(-1);
  assert.equal(linkedit?.name, '__LINKEDIT');
  assert.equal(linkedit.offset + linkedit.size, program.length, '__LINKEDIT holds the signature');
  assert.ok(linkedit.memory >= linkedit.size && linkedit.memory % 0x4000 === 0);
  const text = segments.find(({ name }) => name === '__TEXT');

  const blob = program.subarray(offset);
  assert.equal(blob.readUInt32BE(0), 0xfade0cc0);
  assert.ok(blob.readUInt32BE(4) <= size);
  assert.equal(blob.readUInt32BE(8), 1);
  assert.equal(blob.readUInt32BE(12), 0, 'a CodeDirectory');
  const directory = blob.subarray(blob.readUInt32BE(16));
  assert.equal(directory.readUInt32BE(0), 0xfade0c02);
  assert.equal(directory.readUInt32BE(4) + blob.readUInt32BE(16), blob.readUInt32BE(4));
  assert.equal(directory.readUInt32BE(8), 0x20400);
  assert.equal(directory.readUInt32BE(12) & 0x2, 0x2, 'ad hoc');
  const [hashes, name, special, pages, covered] = [16, 20, 24, 28, 32].map((at) =>
    directory.readUInt32BE(at),
  );
  assert.ok(hashes !== undefined && name !== undefined && pages !== undefined && covered !== undefined);
  assert.equal(special, 0);
  assert.equal(covered, offset, 'all before the signature is covered');
  assert.deepEqual([...directory.subarray(36, 40)], [32, 2, 0, 12]);
  assert.equal(pages, Math.ceil(covered / 4096));
  assert.equal(Number(directory.readBigUInt64BE(64)), text?.offset);
  assert.equal(Number(directory.readBigUInt64BE(72)), text?.size);
  assert.equal(directory.readBigUInt64BE(80), 1n, 'a main binary');
  for (let page = 0; page < pages; page++) {
    const bytes = program.subarray(page * 4096, Math.min(covered, (page + 1) * 4096));
    const hash = directory.subarray(hashes + page * 32, hashes + (page + 1) * 32);
    assert.ok(createHash('sha256').update(bytes).digest().equals(hash), `page ${page}`);
  }
  return { identifier: directory.toString('latin1', name, directory.indexOf(0, name)), pages, covered };
}

function* readCommands(program: Buffer): Generator<{ type: number; body: Buffer }> {
  let at = 32;
  for (let left = program.readUInt32LE(16); left > 0; left--) {
    const size = program.readUInt32LE(at + 4);
    yield { type: program.readUInt32LE(at), body: program.subarray(at + 8, at + size) };
    at += size;
  }
  assert.equal(at, 32 + program.readUInt32LE(20));
}

function readSegment(body: Buffer) {
  const [memory, offset, size] = [24, 32, 40].map((at) => Number(body.readBigUInt64LE(at))) as [
    number,
    number,
    number,
  ];
  return { name: body.toString('latin1', 0, 16).replace(/\0+$/, ''), memory, offset, size };
}
