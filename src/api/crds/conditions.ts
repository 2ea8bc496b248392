import { dateTime, int64, list, object, string } from '../schema.ts';

export const conditions = list(
  'Conditions, one entry for each type.',
  object(
    'One condition.',
    {
      type: string('Type of the condition, such as BackupTargetFound.'),
      status: string('True, False or Unknown.'),
      reason: string('Reason as one CamelCase word.'),
      message: string('Reason as a sentence.'),
      severity: string('Severity if the status is False.'),
      lastTransitionTime: dateTime('When the status last changed.'),
      observedGeneration: int64('Generation of the object that was observed.'),
    },
    ['lastTransitionTime', 'status', 'type'],
  ),
);
