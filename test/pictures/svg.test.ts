import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Frame } from './frames.ts';
import { drawFrames } from './svg.ts';

const words = fc.stringMatching(/^[a-z<&>"]{1,6}$/);
const run = fc.record({
  text: words,
  colour: fc.option(fc.integer({ min: 0, max: 15 }), { nil: undefined }),
  isBold: fc.boolean(),
});
const row = fc.record({ runs: fc.array(run, { maxLength: 3 }), isWrapped: fc.constant(false) });
const cursor = fc.option(fc.record({ column: fc.nat(9), row: fc.nat(2) }), { nil: undefined });
const screen = fc.record({ rows: fc.array(row, { minLength: 3, maxLength: 3 }), cursor });
/** A few seconds between them. */
const manyFrames = fc
  .array(screen, { minLength: 1, maxLength: 8 })
  .map((screens) => screens.map((shown, index): Frame => ({ at: index * 3, ...shown })));

interface Group {
  readonly name: string;
  readonly isAtTheEnd: boolean;
  readonly shapes: string;
}

function groupsOf(svg: string): Group[] {
  return [...svg.matchAll(/^<g class="(s\d+)( end)?">(.*)<\/g>$/gm)].map(
    ([, name = '', end, shapes = '']) => ({
      ...{ name, shapes },
      isAtTheEnd: end !== undefined,
    }),
  );
}

/** Whether the animation shows a group at a time: its last keyframe before that decides. */
function isShown(svg: string, { name }: Group, seconds: number): boolean {
  const [, lasts = '', frames = ''] =
    new RegExp(
      `^\\.${name}\\{animation:${name} ([\\d.]+)s step-end infinite\\}@keyframes ${name}\\{(.*)\\}$`,
      'm',
    ).exec(svg) ?? assert.fail(`no animation of ${name}`);
  const steps = [...frames.matchAll(/([\d.]+)%\{visibility:(\w+)\}/g)].map(([, at, value]) => ({
    at: Number(at),
    value,
  }));
  return steps.findLast(({ at }) => at <= (seconds / Number(lasts)) * 100)?.value === 'visible';
}

function texts(groups: readonly Group[]): string[] {
  return groups
    .flatMap(({ shapes }) => [...shapes.matchAll(/ y="(\d+)" textLength[^>]*>(.*?)<\/text>/g)])
    .sort(([, one], [, other]) => Number(one) - Number(other))
    .map(([, , text = '']) => unescaped(text.replaceAll(/<.*?>/g, '')));
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function textsOf({ rows }: Frame): string[] {
  return rows.map(({ runs }) => runs.map(({ text }) => text).join('')).filter((text) => text !== '');
}

test('the animation shows each frame at its time', () => {
  fc.assert(
    fc.property(manyFrames, (frames) => {
      const svg = drawFrames(frames, 20, 'title');
      const groups = groupsOf(svg);
      for (const frame of frames) {
        const shown = groups.filter((group) => isShown(svg, group, frame.at + 1));
        assert.deepEqual(texts(shown), textsOf(frame));
        assert.equal(/<rect /.test(shown.map(({ shapes }) => shapes).join('')), frame.cursor !== undefined);
      }
    }),
  );
});

test('without animation, the picture shows the last frame', () => {
  fc.assert(
    fc.property(manyFrames, (frames) => {
      const svg = drawFrames(frames, 20, 'title');
      const [still = '', animated = ''] = svg.split('@media (prefers-reduced-motion:no-preference){\n');
      assert.match(still, /^g\{visibility:hidden\}\n\.end\{visibility:visible\}$/m);
      assert.doesNotMatch(still, /animation/);
      assert.match(animated, /animation|<\/svg>/);
      const last = frames.at(-1);
      assert.deepEqual(texts(groupsOf(svg).filter(({ isAtTheEnd }) => isAtTheEnd)), last && textsOf(last));
    }),
  );
});

test('the picture is as high as the rows that are ever used, and as wide as the terminal', () => {
  const blank = { runs: [], isWrapped: false };
  const used = { runs: [{ text: 'a', colour: 2, isBold: true }], isWrapped: false };
  const sizeOf = (...frames: Omit<Frame, 'at'>[]) =>
    /viewBox="(.*?)"/.exec(
      drawFrames(
        frames.map((frame, at) => ({ at, ...frame })),
        100,
        '',
      ),
    )?.[1];
  const one = sizeOf({ rows: [used, blank, blank], cursor: undefined });
  assert.equal(one, '0 0 872 52');
  assert.equal(sizeOf({ rows: [used, blank, blank], cursor: { column: 0, row: 1 } }), '0 0 872 72');
  assert.equal(
    sizeOf(
      { rows: [used, used, used], cursor: undefined },
      { rows: [used, blank, blank], cursor: undefined },
    ),
    '0 0 872 92',
  );
});

test('a picture has a title for readers who do not see it, and every colour that it uses', () => {
  const runs = [
    { text: 'a', colour: 2, isBold: true },
    { text: 'b', colour: 11, isBold: false },
  ];
  const svg = drawFrames([{ at: 0, rows: [{ runs, isWrapped: false }], cursor: undefined }], 10, 'a < b');
  assert.match(svg, /role="img" aria-labelledby="title">\n<title id="title">a &lt; b<\/title>/);
  assert.match(svg, /<tspan class="b c2">a<\/tspan><tspan class="c11">b<\/tspan>/);
  assert.deepEqual(svg.match(/^\.c\d+\{fill/gm), ['.c2{fill', '.c11{fill']);
});
