/** What a terminal shows during a recording. */
import xterm from '@xterm/headless';

import { withoutLongPauses, type Cast } from './cast.ts';

/** Characters of one style. `colour`: 0 to 15 of the terminal's palette; undefined for that of plain text. */
export interface Run {
  readonly text: string;
  readonly colour?: number | undefined;
  readonly isBold: boolean;
}

/** A row of the screen, without the spaces at its end. */
export interface Row {
  readonly runs: readonly Run[];
  /** Whether it goes on with the row above, which was full. */
  readonly isWrapped: boolean;
}

export interface Frame {
  /** Seconds from the start. */
  readonly at: number;
  readonly rows: readonly Row[];
  /** Undefined while the program hides it. */
  readonly cursor: { readonly column: number; readonly row: number } | undefined;
}

/** A program that redraws its lines erases them first. Output that follows within these seconds is the same frame. */
const sameFrame = 0.03;

/**
 * Resolves with the frames that differ from those before. Throws an Error if the screen scrolls, and on a
 * style that no picture shows.
 */
export async function framesOf(cast: Cast): Promise<Frame[]> {
  const { columns, rows } = cast;
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  let hasCursor = true;
  for (const [final, shows] of [
    ['h', true],
    ['l', false],
  ] as const) {
    terminal.parser.registerCsiHandler({ prefix: '?', final }, ([mode]) => {
      if (mode === 25) hasCursor = shows;
      return false;
    });
  }
  const frames: Frame[] = [];
  const output = withoutLongPauses(cast);
  for (const [index, { at, data }] of output.entries()) {
    await new Promise<void>((done) => {
      terminal.write(data, done);
    });
    if (terminal.buffer.active.baseY > 0) throw new Error(`the recording needs more than ${rows} rows`);
    const next = output[index + 1];
    if (next && next.at - at < sameFrame) continue;
    const frame = { at, ...screenOf(terminal, hasCursor) };
    if (!isSame(frame, frames.at(-1))) frames.push(frame);
  }
  terminal.dispose();
  return frames;
}

export function textOf({ runs }: Row): string {
  return runs.map(({ text }) => text).join('');
}

function isSame({ rows, cursor }: Frame, before: Frame | undefined): boolean {
  return (
    before !== undefined && JSON.stringify([rows, cursor]) === JSON.stringify([before.rows, before.cursor])
  );
}

function screenOf({ buffer: { active }, rows }: xterm.Terminal, hasCursor: boolean): Omit<Frame, 'at'> {
  return {
    rows: Array.from({ length: rows }, (_, index) => rowOf(active.getLine(index))),
    cursor: hasCursor ? { column: active.cursorX, row: active.cursorY } : undefined,
  };
}

function rowOf(line: xterm.IBufferLine | undefined): Row {
  const runs: { text: string; colour: number | undefined; isBold: boolean }[] = [];
  const columns = line?.translateToString().trimEnd().length ?? 0;
  for (let column = 0; column < columns; column += 1) {
    const cell = line?.getCell(column);
    if (!cell) break;
    const [text, colour, isBold] = [cell.getChars() || ' ', colourOf(cell), cell.isBold() !== 0];
    const last = runs.at(-1);
    if (last?.colour === colour && last?.isBold === isBold) last.text += text;
    else runs.push({ text, colour, isBold });
  }
  return { runs, isWrapped: line?.isWrapped ?? false };
}

function colourOf(cell: xterm.IBufferCell): number | undefined {
  const isPlain =
    cell.isBgDefault() &&
    !cell.isFgRGB() &&
    [cell.isInverse(), cell.isDim(), cell.isUnderline()].every((it) => it === 0);
  const isNarrow = cell.getWidth() === 1 && cell.getChars().length <= 1;
  if (!isPlain || !isNarrow || cell.getFgColor() > 15)
    throw new Error(`a picture cannot show the style of ${JSON.stringify(cell.getChars())}`);
  return cell.isFgDefault() ? undefined : cell.getFgColor();
}
