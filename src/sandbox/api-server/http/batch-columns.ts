/** Table columns of Jobs and CronJobs, after the name. */
import { at, listAt, numberAt, stringAt } from '../json.ts';
import type { StoredObject } from '../object.ts';
import { selectorText } from '../scale.ts';
import { ageOf } from './age.ts';
import { ageColumn, column, text, wide, type Column } from './column.ts';

export const jobColumns: readonly Column[] = [
  column('Status', jobStatus),
  column('Completions', (it) => {
    const done = numberAt(it, 'status', 'succeeded') ?? 0;
    const completions = numberAt(it, 'spec', 'completions');
    const parallelism = numberAt(it, 'spec', 'parallelism') ?? 0;
    if (completions !== undefined) return `${done}/${completions}`;
    return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
  }),
  column('Duration', (it, now) => {
    const began = stringAt(it, 'status', 'startTime');
    const ended = stringAt(it, 'status', 'completionTime');
    return began === undefined ? '' : ageOf(began, ended === undefined ? now : new Date(ended));
  }),
  ageColumn,
  ...containerColumns('spec', 'template'),
  ...wide(column('Selector', (it) => selectorText(it) || '<none>')),
];

export const cronJobColumns: readonly Column[] = [
  text('Schedule', 'spec', 'schedule'),
  column('Timezone', (it) => stringAt(it, 'spec', 'timeZone') ?? '<none>'),
  column('Suspend', (it) => (at(it, 'spec', 'suspend') === true ? 'True' : 'False'), 'boolean'),
  column('Active', (it) => listAt(it, 'status', 'active').length, 'integer'),
  column('Last Schedule', (it, now) => {
    const last = stringAt(it, 'status', 'lastScheduleTime');
    return last === undefined ? '<none>' : ageOf(last, now);
  }),
  ageColumn,
  ...containerColumns('spec', 'jobTemplate', 'spec', 'template'),
  ...wide(column('Selector', () => '<none>')),
];

/** Columns with the names and images of the containers in the pod template at this path. */
export function containerColumns(...path: string[]): Column[] {
  const joined = (field: string) => (it: StoredObject) =>
    listAt(it, ...path, 'spec', 'containers')
      .map((container) => stringAt(container, field) ?? '')
      .join(',');
  return wide(column('Containers', joined('name')), column('Images', joined('image')));
}

function jobStatus(it: StoredObject): string {
  const has = (type: string): boolean =>
    listAt(it, 'status', 'conditions').some(
      (condition) => at(condition, 'type') === type && at(condition, 'status') === 'True',
    );
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (it.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}
