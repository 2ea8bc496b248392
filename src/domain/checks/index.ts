/** Every check of `doctor`, in the order of its output. */
import { appscode } from './appscode.ts';
import type { Check } from './check.ts';
import { claims } from './claims.ts';
import { configurationChoice } from './configuration-choice.ts';
import { configurationValid } from './configuration-valid.ts';
import { configurations } from './configurations.ts';
import { drivers } from './drivers.ts';
import { operator } from './operator.ts';
import { completePoints } from './restore-points.ts';
import { rights } from './rights.ts';
import { schedule } from './schedule.ts';
import { snapshotApi } from './snapshot-api.ts';
import { snapshotClasses } from './snapshot-classes.ts';
import { stashApi } from './stash-api.ts';
import { targetExists } from './target-exists.ts';

export const checks: readonly Check[] = [
  snapshotApi,
  stashApi,
  operator,
  rights,
  configurations,
  configurationValid,
  schedule,
  targetExists,
  configurationChoice,
  claims,
  drivers,
  snapshotClasses,
  appscode,
  completePoints,
];
