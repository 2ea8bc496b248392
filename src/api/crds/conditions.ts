import { dateTime, int64, list, object, string } from '../schema.ts';

export const conditions = list(
  'What has been observed, one entry for each type.',
  object(
    'One observation.',
    {
      type: string('What was observed, such as BackupTargetFound.'),
      status: string('True, False or Unknown.'),
      reason: string('Why, in one CamelCase word.'),
      message: string('Why, in a sentence.'),
      severity: string('How bad it is that the status is False.'),
      lastTransitionTime: dateTime('When the status last changed.'),
      observedGeneration: int64('Generation of the object that was looked at.'),
    },
    ['lastTransitionTime', 'status', 'type'],
  ),
);
