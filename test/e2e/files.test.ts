/** The files in a snapshot; snapshot and restore run as a user who may not read classes. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { persistentVolumeClaims } from '#src/api/resources.ts';

import { openPlace } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

await suite('files', { concurrency: 3 }, () => {
  test('a snapshot does not change when its volume does', async (t) => {
    const place = await openPlace(t, server, { classes: false });
    await place.claims('data');
    await place.look(
      ['data'],
      'cd /source/data; mkdir d; echo old > kept; echo old > d/changed; echo old > gone',
    );
    await place.succeeds('snapshot pvc/data --executor=local');
    await place.look(
      ['data'],
      'cd /source/data; echo new > d/changed; echo more >> kept; rm gone; echo new > added; mv d e',
    );
    await place.succeeds('restore pvc/data --suffix -then --executor=local');
    const seen = await place.look(['data-then'], 'cd /source/data-then; ls; cat kept d/changed gone');
    assert.equal(seen, 'd\ngone\nkept\nold\nold\nold');
    const now = await place.look(['data'], 'cd /source/data; ls; cat kept e/changed added');
    assert.equal(now, 'added\ne\nkept\nold\nmore\nnew\nnew');
  });

  test('mode bits, links, empty directories and unusual names are restored unchanged', async (t) => {
    const place = await openPlace(t, server, { classes: false });
    await place.claims('data');
    const make = [
      'cd /source/data',
      'mkdir -p empty/inner "with space"',
      'echo x > plain; chmod 640 plain',
      'echo "#!/bin/sh" > tool; chmod 755 tool',
      'echo s > secret; chmod 400 secret',
      'chmod 1777 "with space"; chmod 700 empty',
      'ln -s plain link; ln -s ../nowhere dangling; ln plain hard',
      'echo h > .hidden; echo u > "with space/ünïcode\'s"; : > nothing',
    ].join('; ');
    const tell = (claim: string) =>
      [
        `cd /source/${claim}`,
        'find . | LC_ALL=C sort | while read -r it; do ls -ld "$it" | cut -c1-10; echo "$it"; done',
        'readlink link dangling; cat plain tool secret hard .hidden "with space/ünïcode\'s"; wc -c < nothing',
      ].join('; ');
    const before = await place.look(['data'], `${make}; ${tell('data')}`);
    await place.succeeds('snapshot pvc/data --executor=local');
    await place.remove(persistentVolumeClaims, 'data');
    await place.succeeds('restore pvc/data --executor=local');
    assert.equal(await place.look(['data'], tell('data')), before);
    assert.match(before, /drwx------\n\.\/empty\n/);
  });

  test('a sparse file of 1 GiB is restored sparse', async (t) => {
    const place = await openPlace(t, server, { classes: false });
    await place.claims('data');
    const make =
      'cd /source/data; echo start > big; printf end | dd of=big bs=1 seek=1073741821 conv=notrunc 2>&1';
    await place.look(['data'], make);
    await place.succeeds('snapshot pvc/data --executor=local');
    await place.succeeds('restore pvc/data --suffix -too --executor=local');
    const tell =
      'wc -c < big; head -c 6 big; tail -c 3 big; echo; test $(du -k big | cut -f1) -lt 1024 && echo sparse';
    const seen = await place.look(['data-too'], `cd /source/data-too; ${tell}`);
    assert.equal(seen, '1073741824\nstart\nend\nsparse');
  });
});
