/**
 * V8's code for each chunk, for the very Node that runs this: `compile.ts INPUT OUTPUT`, directories. The names that V8
 * gives to things in memory depend on two seeds; to give the same bytes twice this runs with both given:
 * `--hash-seed=1 --random-seed=1`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const [input = '', output = ''] = process.argv.slice(2);
// A check value of all flags goes into the code; the program will run with the seeds that are the default.
for (const flag of ['--hash-seed=0', '--random-seed=0']) setFlagsFromString(flag);
for (const chunk of readdirSync(input)) {
  // Every function, so that none is left to compile when it is first called.
  setFlagsFromString('--no-lazy');
  const script = new Script(readFileSync(join(input, chunk), 'latin1'), { filename: chunk });
  setFlagsFromString('--lazy');
  writeFileSync(join(output, chunk), script.createCachedData());
}
