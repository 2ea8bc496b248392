/** Types every command of `docs/guides/*.md` in order, and compares its output. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { suite, test } from 'node:test';

import { missingImages, missingLine, readGuide } from './guide.ts';
import { missingKubectl } from './kubectl.ts';
import type { TestServer } from './server.ts';
import { openTerminal } from './terminal.ts';

const guides = resolve(import.meta.dirname, '../../docs/guides');

/** Defines a test for each guide whose file name is `chosen`. */
export function walkGuides(server: TestServer, chosen: (file: string) => boolean): void {
  void suite('guides', { concurrency: 4, skip: missingKubectl() }, async () => {
    const files = (await readdir(guides)).filter((name) => name.endsWith('.md') && chosen(name));
    assert(files.length > 0);
    for (const file of files) {
      const guide = await readFile(join(guides, file), 'utf8');
      const missing = missingImages(guide, server.images);
      const skip =
        missing.length > 0 && `its pods need ${missing.join(', ')}, which E2E_IMAGES does not name`;
      test(file, { skip }, async (t) => {
        const steps = readGuide(guide);
        assert(steps.length > 0, 'it has no commands');
        // Only the roles that the guide asks for.
        const type = await openTerminal(t, server, {
          hooksAndDeletions: guide.includes('hooks-and-deletions.yaml'),
          files: guide.includes('files.yaml'),
          inPlace: guide.includes('in-place.yaml'),
        });
        for (const { command, expected } of steps) {
          const output = await type(command);
          const missing = missingLine(expected, output);
          assert.equal(missing, undefined, `$ ${command}\n${output}\nlacks: ${missing ?? ''}`);
        }
      });
    }
  });
}
