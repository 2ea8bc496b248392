/** The steps of `doctor --probe`, and the findings about them. */
import type { Diagnosis } from '#src/domain/checks/examine.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { failure } from '#src/domain/finding.ts';
import { assertNever } from '#src/errors.ts';

export type StepName = 'write' | 'snapshot' | 'restore' | 'compare' | 'clean-up';

interface Step {
  readonly name: StepName;
  /** `volumesnapshot/stash-probe-1a2b3c4d` */
  readonly about: string;
}

interface Ended extends Step {
  readonly milliseconds: number;
}

export type ProbeStep =
  | (Step & { readonly state: 'running'; readonly waits: string; readonly startedAt: Date })
  /** `value` is the SHA-256 of the data, or the size of the snapshot. */
  | (Ended & { readonly state: 'done'; readonly value: string })
  | (Ended & { readonly state: 'failed'; readonly why: string });

/** Returns the finding about a step. A step that was running when the probe ended has not succeeded in time. */
export function findingOf(
  step: ProbeStep,
  { namespace, now }: { readonly namespace: string; readonly now: Date },
): Diagnosis {
  const { about } = step;
  const check = `probe-${step.name}`;
  const took = formatDuration(
    step.state === 'running' ? now.getTime() - step.startedAt.getTime() : step.milliseconds,
  );
  const look = commandLine`kubectl get events --sort-by .lastTimestamp -n ${namespace}`;
  switch (step.state) {
    case 'done':
      return { level: 'ok', check, about, message: `${doneWords(step.name, step.value)} after ${took}` };
    case 'running':
      return {
        ...failure('timed-out', `not done after ${took}: ${step.waits}`, { hint: look }),
        check,
        about,
      };
    case 'failed':
      return {
        ...failure('precondition', `failed after ${took}: ${step.why}`, { hint: look }),
        check,
        about,
      };
    default:
      return assertNever(step);
  }
}

function doneWords(name: StepName, value: string): string {
  switch (name) {
    case 'write':
      return 'volume made, 4 MiB written';
    case 'snapshot':
      return `ready to use, ${value} to restore,`;
    case 'restore':
      return 'volume made from the snapshot, data read';
    case 'compare':
      return `the same bytes (SHA-256 ${value.slice(0, 12)}…)`;
    case 'clean-up':
      return 'nothing is left';
    default:
      return assertNever(name);
  }
}
