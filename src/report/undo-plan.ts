/** Prints the plan of `undo`. */
import type { UndoPlan } from '#src/domain/in-place/undo.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { assertNever } from '#src/errors.ts';

import { wrap } from './wrap.ts';

const width = 80;

/** Returns lines of at most 80 columns, except for the names of volumes, which are on lines of their own. */
export function undoPlanLines(plan: UndoPlan): string[] {
  return linesOf(plan).flatMap((line) =>
    line.startsWith(' ') ? sanitize(line) : wrap(sanitize(line), width, Infinity),
  );
}

function linesOf(plan: UndoPlan): string[] {
  const { target, session } = plan;
  const of = `${formatTarget(target)} in namespace ${target.namespace}`;
  const name = `restoresession/${session.metadata.name}`;
  switch (plan.do) {
    case 'abandon':
      return [
        `${name} has not deleted a claim yet, and is given up: ${of} keeps its volumes, and the new ones are deleted`,
      ];
    case 'finish-first':
      return [`${name} has deleted claims: the command brings it to its end first, and then goes back`];
    case 'adopt':
      return [
        `the session of this restore was deleted before ${of} got all its claims back: ${name} brings it to its end first`,
        `the number of its replicas is not recorded any more: if it runs none afterwards, scale ${formatTarget(target)} up`,
      ];
    case 'go-on':
      return [`${name} is unfinished: the command goes on with it`];
    case 'begin':
      return [
        `${of} goes back to these volumes:`,
        ...plan.kept.map(
          ({ volume, swapped }) =>
            `  ${swapped.claim}: ${volume.metadata.name}, as it was at ${swapped.since}`,
        ),
        'What was written since stays in the volumes that the claims have now. They are kept in turn.',
        'The pods stop for a moment.',
      ];
    default:
      return assertNever(plan);
  }
}
