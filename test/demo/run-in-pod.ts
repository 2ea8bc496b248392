import { Readable, Writable } from 'node:stream';

import type { Cluster } from '#src/cluster/port.ts';

/** Resolves with the command's output. Rejects if the exit code is not 0. */
export async function runInPod(
  cluster: Cluster,
  at: { readonly namespace: string; readonly pod: string },
  command: readonly string[],
  stdin: Buffer | string = '',
): Promise<string> {
  const [out, err] = [collector(), collector()];
  const code = await cluster.exec({
    ...at,
    command,
    stdin: Readable.from([stdin]),
    stdout: out.stream,
    stderr: err.stream,
  });
  if (code !== 0) throw new Error(`${command.join(' ')} in ${at.pod} exited with ${code}: ${err.text()}`);
  return out.text();
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
