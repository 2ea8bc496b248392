/** Colours of phases, for terminals that have them. */
import { styleText } from 'node:util';

import type { Paint } from '#src/report/table.ts';

import type { Context } from './context.ts';

/** The words of `list`, `coverage` and the live table. */
const colours = new Map([
  ...['Ready', 'Bound', 'Succeeded', 'covered'].map((phase) => [phase, 'green'] as const),
  ...['Running', 'stale', 'unknown'].map((phase) => [phase, 'yellow'] as const),
  ...['Failed', 'uncovered'].map((phase) => [phase, 'red'] as const),
] as const);

/** Undefined if there is no colour: no terminal, `TERM=dumb`, or `NO_COLOR` as https://no-color.org has it. */
export function paintFor(isTTY: boolean, { env }: Pick<Context, 'env'>): Paint | undefined {
  return isTTY && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '' ? paint : undefined;
}

const paint: Paint = (phase) => {
  const colour = colours.get(phase.trim());
  return colour === undefined ? phase : styleText(colour, phase, { validateStream: false });
};
