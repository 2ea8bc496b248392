/**
 * `compile.ts INPUT OUTPUT`: compiles each chunk in the directory INPUT to V8's code cache, for the Node that
 * runs this. V8's output depends on two random seeds; run with `--hash-seed=1 --random-seed=1` for
 * reproducible bytes.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const [input = '', output = ''] = process.argv.slice(2);
// The cache contains a checksum of V8's flags: set the default seeds, with which the program will run.
for (const flag of ['--hash-seed=0', '--random-seed=0']) setFlagsFromString(flag);
for (const chunk of readdirSync(input)) {
  // Compile every function now, so that none has to be compiled when it is first called.
  setFlagsFromString('--no-lazy');
  const script = new Script(readFileSync(join(input, chunk), 'latin1'), { filename: chunk });
  setFlagsFromString('--lazy');
  writeFileSync(join(output, chunk), script.createCachedData());
}
