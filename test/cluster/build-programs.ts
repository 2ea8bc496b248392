/** `npm run cluster:build`: builds all programs that tests need beside ours, so that no test has to wait for them. */
import { whyNoNode } from './node/place.ts';
import { findPrograms, findTools, Missing } from './programs.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

try {
  await findPrograms(process.env, say, { node: (await whyNoNode()) === undefined });
  await findTools(process.env, say);
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  say(`nothing is built without ${error.message}`);
}
