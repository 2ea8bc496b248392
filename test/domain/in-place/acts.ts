/** What may happen to a restore in place, in any order, and how it comes to its end. */
import fc from 'fast-check';

import type { SwapStep } from '#src/domain/in-place/swap-step.ts';
import type { SwapWorld } from '#src/domain/in-place/swap-world.ts';

import { apply, controllers, saboteurs, worldOf, type Model } from './swap-model.ts';

export const names = ['data', 'logs'];
export const shapes = ['shared', 'each'] as const;

/** The executor acts (and may die after so many writes), a controller does, or another client interferes. */
const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ who: fc.constant('executor' as const), writes: fc.constantFrom(0, 1, 9) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ who: fc.constant('controller' as const), which: fc.nat(controllers.length - 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ who: fc.constant('saboteur' as const), which: fc.nat(saboteurs.length - 1) }),
  },
);

export type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Long enough for most runs to pass every step. */
export const acts = fc.array(act, { maxLength: 400, size: 'max' });

/** The controllers, until they have nothing to do; `check` holds after each act. */
export function rest(model: Model, check: (model: Model) => void = () => undefined): void {
  while (controllers.some((controller) => controller(model))) check(model);
}

/** Controllers first, until they have nothing to do, then the executor; returns `done`, or why it ended. */
export function settle(
  model: Model,
  decide: (world: SwapWorld) => SwapStep,
  check: (model: Model) => void,
): string {
  for (let turn = 0; turn < 500; turn += 1) {
    rest(model, check);
    const step = decide(worldOf(model));
    if (step.do === 'done') return 'done';
    if (step.do === 'stuck') return step.why;
    apply(model, step);
    check(model);
  }
  return 'it did not end';
}
