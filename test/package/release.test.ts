import assert from 'node:assert/strict';
import { test } from 'node:test';

import { platforms } from '../../cmd/package/platforms.ts';
import { publishing } from '../../cmd/release/publishing.ts';
import { shortcomings } from '../../cmd/release/shortcomings.ts';

const ready = {
  version: 'v1.2.3',
  changes: '',
  tags: 'v1.2.3\nlatest',
  changelog: '# Changelog\n\n## 1.2.3\n',
  named: new Map([['Chart.yaml', '1.2.3']]),
};

test('a clean, tagged commit with a changelog entry is ready', () => {
  assert.deepEqual(shortcomings(ready), []);
});

test('every unmet requirement is named', () => {
  const cases: [Partial<typeof ready>, RegExp][] = [
    [{ changes: ' M README.md' }, /uncommitted changes/],
    [{ tags: '' }, /no tag v1\.2\.3/],
    [{ tags: 'v1.2.30' }, /no tag v1\.2\.3/],
    [{ changelog: '## Unreleased\n\nas 1.2.3\n' }, /no heading for 1\.2\.3/],
    [{ named: new Map([...ready.named, ['krew.yaml', '1.2.2']]) }, /^krew\.yaml has version 1\.2\.2, and/],
    [{ changelog: '## 11.2.3\n## 1.2.30\n## 1.2.3-rc.1\n' }, /no heading for 1\.2\.3/],
  ];
  for (const [change, expected] of cases) {
    const found = shortcomings({ ...ready, ...change });
    assert.equal(found.length, 1, JSON.stringify(change));
    assert.match(found[0] ?? '', expected);
  }
});

test('the image is published before the programs that install it, and every archive is published', () => {
  const commands = publishing({ version: 'v1.2.3', directory: 'out', image: 'image' });
  assert.deepEqual(
    commands.map(([program]) => program),
    ['skopeo', 'go', 'go', 'gh'],
  );
  assert.ok(commands[2]?.includes('oci://ghcr.io/kubectl-stash/charts'));
  assert.ok(commands[0]?.some((word) => word === 'oci:image:v1.2.3'));
  assert.ok(
    commands[0]?.includes('--preserve-digests'),
    'image.txt has the digest of the image that was built',
  );
  assert.ok(commands.at(-1)?.includes('out/image.txt'));
  for (const { archive } of platforms) assert.ok(commands.at(-1)?.includes(`out/${archive}`), archive);
});
