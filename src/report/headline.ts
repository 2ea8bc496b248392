/** Builds the lines above the claims table of a running session. */
import { formatDuration } from '#src/domain/duration.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { sessionOf } from '#src/domain/session/verdict-error.ts';

import { cutMiddle } from '#src/domain/ellipsis.ts';
import { stateOf, titleOf, wholeSecond, type ProgressView } from './progress-view.ts';

/** Returns one line, or two if the names of target and session do not fit on one. Never cuts progress and time left. */
export function headline(view: ProgressView, now: Date, columns: number): string[] {
  const state = stateOfAll(view, now);
  const line = (title: string) =>
    `${cutMiddle(sanitize(title), Math.max(1, columns - state.length - 2))}  ${state}`;
  const title = sanitize(titleOf(view));
  if (view.target === undefined || title.length + 2 + state.length <= columns) return [line(title)];
  return [line(formatTarget(view.target)), cutMiddle(sanitize(sessionOf(view)), columns)];
}

/** Returns for example `1/4 ready, 8m55s left`. `now` must be a whole second. */
function stateOfAll(view: ProgressView, now: Date): string {
  const done = view.claims.filter(({ phase }) => phase === 'Succeeded').length;
  const left = wholeSecond(view.deadline).getTime() - now.getTime();
  const time = view.verdict === undefined && left > 0 ? `, ${formatDuration(left)} left` : '';
  return `${done}/${view.claims.length} ${stateOf(view, 'Succeeded').toLowerCase()}${time}`;
}
