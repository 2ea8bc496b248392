import { Writable } from 'node:stream';

/** A stream that keeps each line that is written. */
export function linesInto(lines: string[]): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      lines.push(chunk.toString().trimEnd());
      done();
    },
  });
}
