/** Draws a recording as a picture that moves, and stands still at its end for a reader who asked for that. */
import { textOf, type Frame, type Row, type Run } from './frames.ts';
import { spansOf, type Span } from './spans.ts';

/** In pixels. Six tenths of its height are the width of a character in nearly every font of fixed width. */
const fontSize = 14;
const character = { width: fontSize * 0.6, height: 20 };
const margin = 16;
/** Seconds for which the last frame stays before the picture begins again. */
const lastFrameStays = 6;

const text = '#e6edf3';
/** The terminal's sixteen colours on its dark ground: black, red, green, yellow, blue, magenta, cyan, white, and bright. */
const palette = [
  ...['#6e7681', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#b1bac4'],
  ...['#8b949e', '#ffa198', '#7ee787', '#f2cc60', '#a5d6ff', '#e2c5ff', '#b3f0ff', '#ffffff'],
];

/** `frames`: in order, at least one. Rows at the end that stay empty are left out. */
export function drawFrames(frames: readonly Frame[], columns: number, title: string): string {
  const rows = Math.max(...frames.map(usedRows));
  const width = Math.ceil(columns * character.width) + 2 * margin;
  const height = rows * character.height + 2 * margin;
  const things = [
    ...Array.from({ length: rows }, (_, index) =>
      spansOf(frames, ({ rows: shown }) => visible(shown[index])).map((span) =>
        drawn(span, drawRow(span.thing, index)),
      ),
    ),
    spansOf(frames, ({ cursor }) => cursor).map((span) => drawn(span, drawCursor(span.thing))),
  ].flat();
  const lasts = (frames.at(-1)?.at ?? 0) + lastFrameStays;
  const groups = [...Map.groupBy(things, ({ from, to }) => `${from} ${to ?? 'end'}`).values()];
  const used = palette.map((colour, index) => ({ colour, name: colourClass(index) }));
  const body = groups
    .map((group, index) => {
      const name = group[0]?.to === undefined ? `s${index} end` : `s${index}`;
      return `<g class="${name}">${group.map(({ shape }) => shape).join('')}</g>\n`;
    })
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escaped(title)}</title>
<style>
text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:${text};white-space:pre}
.b{font-weight:bold}
${used
  .filter(({ name }) => body.includes(`${name}"`))
  .map(({ colour, name }) => `.${name}{fill:${colour}}\n`)
  .join('')}g{visibility:hidden}
.end{visibility:visible}
@media (prefers-reduced-motion:no-preference){
${groups.map(([first], index) => (first ? animation(`s${index}`, first, lasts) : '')).join('')}}
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="#161b22" stroke="#484f58"/>
${body}</svg>
`;
}

function usedRows({ rows, cursor }: Frame): number {
  const used = rows.findLastIndex((row) => visible(row) !== undefined);
  return Math.max(used, cursor?.row ?? 0) + 1;
}

interface Drawn extends Span<unknown> {
  readonly shape: string;
}

function drawn(span: Span<unknown>, shape: string): Drawn {
  return { ...span, shape };
}

function visible(row: Row | undefined): readonly Run[] | undefined {
  return row && textOf(row).trim() !== '' ? row.runs : undefined;
}

/** `textLength` keeps the columns if they are, whatever font the reader has. */
function drawRow(runs: readonly Run[], index: number): string {
  const length = runs.reduce((sum, run) => sum + run.text.length, 0) * character.width;
  const baseline = margin + index * character.height + fontSize;
  const spans = runs.map((run) => {
    const classes = [run.isBold ? 'b' : '', run.colour === undefined ? '' : colourClass(run.colour)].filter(
      Boolean,
    );
    return classes.length === 0
      ? escaped(run.text)
      : `<tspan class="${classes.join(' ')}">${escaped(run.text)}</tspan>`;
  });
  return `<text xml:space="preserve" x="${margin}" y="${baseline}" textLength="${pixels(length)}">${spans.join('')}</text>`;
}

function drawCursor({ column, row }: NonNullable<Frame['cursor']>): string {
  const [x, y] = [margin + column * character.width, margin + row * character.height];
  return `<rect x="${pixels(x)}" y="${y}" width="${pixels(character.width)}" height="${fontSize + 4}" fill="${text}" opacity=".7"/>`;
}

/** `lasts`: seconds after which the picture begins again. */
function animation(name: string, { from, to }: Span<unknown>, lasts: number): string {
  const at = (seconds: number) => `${((seconds / lasts) * 100).toFixed(2)}%`;
  const steps = [
    from > 0 ? '0%{visibility:hidden}' : '',
    `${at(from)}{visibility:visible}`,
    to === undefined ? '' : `${at(to)}{visibility:hidden}`,
  ].join('');
  return `.${name}{animation:${name} ${lasts.toFixed(1)}s step-end infinite}@keyframes ${name}{${steps}}\n`;
}

function colourClass(colour: number): string {
  return `c${colour}`;
}

function pixels(length: number): string {
  return String(Number(length.toFixed(1)));
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
