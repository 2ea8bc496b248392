/** Records every scene anew: what the program says must be what its picture says. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';

import { missingKubectl } from '#test/e2e/kubectl.ts';

import { parseCast } from './cast.ts';
import { castFile } from './files.ts';
import { framesOf } from './frames.ts';
import { record } from './record.ts';
import { saidIn } from './said.ts';
import { scenes } from './scenes.ts';
import { missingTerminal } from './typist.ts';

suite('fresh pictures', { concurrency: 3, skip: missingTerminal() || missingKubectl() }, () => {
  for (const scene of scenes) {
    const stale = `docs/pictures/${scene.name}.svg is stale: run npm run pictures -- ${scene.name}, and look at it`;
    test(scene.name, async (t) => {
      const then = saidIn(await framesOf(parseCast(await readFile(castFile(scene.name), 'utf8'))));
      const now = saidIn(await framesOf(await record(scene, t.signal)));
      assert.deepEqual(now.atTheEnd, then.atTheEnd, stale);
      assert.deepEqual(
        then.forAWhile.filter((line) => !now.ever.includes(line)),
        [],
        stale,
      );
    });
  }
});
