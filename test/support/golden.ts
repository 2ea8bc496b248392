import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'golden');

/**
 * Compares `actual` with `test/golden/<name>.txt`. With `UPDATE_GOLDEN=1` (`npm run golden`), writes the file
 * instead.
 */
export function matchGolden(name: string, actual: string): void {
  const file = join(folder, `${name}.txt`);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
    return;
  }
  assert.equal(actual, read(file), `test/golden/${name}.txt differs; npm run golden rewrites it`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    assert.fail(`${file} is missing; npm run golden writes it`);
  }
}
