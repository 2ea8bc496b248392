/** Runs test files in one process: most of them need longer to load the program than to run. */
import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { groups, type Group, type GroupName } from './groups.ts';

export const root = join(import.meta.dirname, '../..');

/** The group's files, relative to the project, sorted. */
export function filesOf(name: GroupName): string[] {
  const { files, except = [] }: Group = groups[name];
  return globSync(files, { cwd: root, exclude: except }).sort();
}

/**
 * Runs several files at a time, and the tests of each file one after the other. Node requires two things of them: a module
 * that several files import must not await at its top, since the tests of all of them would count as those of the first
 * one; and a file must not await between its tests, since it would end with those before.
 */
export function runGroup(name: GroupName): void {
  suite(name, { concurrency: groups[name].atOnce }, () => {
    for (const file of filesOf(name))
      test(relative('test', file), { concurrency: 1 }, () => import(pathToFileURL(join(root, file)).href));
  });
}
