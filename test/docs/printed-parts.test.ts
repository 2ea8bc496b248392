/** Printed parts of pages that are written by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withPrintedParts } from '../../cmd/docs/printed-parts.ts';

const place = (name: string, part: string) => `<!-- printed: ${name} -->\n${part}<!-- end of ${name} -->\n`;

test('what is written by hand stays, and a printed part replaces the former one', () => {
  const page = (first: string, second: string) =>
    `# A\n\n${place('one', first)}by hand\n${place('two', second)}`;
  const parts = new Map([
    ['one', '1'],
    ['two', '2\n'],
  ]);
  const printed = page('\n1\n\n', '\n2\n\n');
  assert.equal(withPrintedParts(page('', '\nold\n\n'), parts), printed);
  assert.equal(withPrintedParts(printed, parts), printed);
});

test('a part without a place, a place without a part, and a place without an end are errors', () => {
  const parts = new Map([['one', '1']]);
  assert.throws(() => withPrintedParts('# A\n', parts), /not both: one/);
  assert.throws(() => withPrintedParts(place('one', '') + place('two', ''), parts), /not both: two/);
  assert.throws(() => withPrintedParts('<!-- printed: one -->\n', parts), /lacks <!-- end of one -->/);
});
