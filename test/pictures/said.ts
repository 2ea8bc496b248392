/**
 * What a recording says, without what differs from run to run: times, durations, and names that contain them. Lines are
 * sorted, since sessions that run in parallel are shown and end in any order.
 */
import { textOf, type Frame, type Row } from './frames.ts';
import { spansOf } from './spans.ts';

/** Seconds. What is shown as long in one run is shown in every run, also on a loaded machine. */
const shownInEveryRun = 1.4;

export interface Said {
  /** The lines of the last frame. */
  readonly atTheEnd: readonly string[];
  /** Lines that were shown for a while, and that the last frame does not have. */
  readonly forAWhile: readonly string[];
  /** Every line that was ever shown. */
  readonly ever: readonly string[];
}

/** `frames`: at least one. */
export function saidIn(frames: readonly Frame[]): Said {
  const said = frames.map(({ at, rows }) => ({ at, lines: new Set(linesOf(rows)) }));
  const ever = [...new Set(said.flatMap(({ lines }) => [...lines]))].sort();
  const atTheEnd = linesOf(frames.at(-1)?.rows ?? []).sort();
  const secondsOf = (line: string) =>
    spansOf(said, ({ lines }) => lines.has(line) || undefined)
      .map(({ from, to = from }) => to - from)
      .reduce((sum, seconds) => sum + seconds, 0);
  return {
    atTheEnd,
    ever,
    forAWhile: ever.filter((line) => !atTheEnd.includes(line) && secondsOf(line) >= shownInEveryRun),
  };
}

/** Joins the rows of a long line. Leaves out empty lines, and those that say what a command waits for if it waits long. */
function linesOf(rows: readonly Row[]): string[] {
  const lines: string[] = [];
  for (const row of rows) {
    if (row.isWrapped) lines.push(`${lines.pop() ?? ''}${textOf(row)}`);
    else lines.push(textOf(row));
  }
  return lines.map(withoutTimes).filter((line) => line !== '' && !line.startsWith('waiting: '));
}

function withoutTimes(line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]{8}Z?/g, 'TIME')
    .replaceAll(/pvc-[0-9a-f-]{36}/g, 'VOLUME')
    .replaceAll(/-stash-[0-9a-f]{6}\b/g, '-stash-RANDOM')
    .replaceAll(/-\d{10}-[a-z\d]{5}\b/g, '-SECONDS-RANDOM')
    .replaceAll(/-\d{10}\b/g, '-SECONDS')
    .replaceAll(/(?<![\w.-])(\d+(\.\d+)?(ms|[smhd]))+(?![\w-])/g, 'DURATION')
    .replaceAll(/ {2,}/g, '  ')
    .trimEnd();
}
