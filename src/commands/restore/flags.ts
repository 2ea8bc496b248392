/** The flags of `kubectl stash restore`. */
import type { Args, Flags } from '#src/cli/command.ts';
import { dryRunFlag, executionFlags, fromFlag, selectorFlag } from '#src/cli/flags.ts';
import { outputFlag } from '#src/cli/output.ts';

import { inPlaceFlags } from './in-place.ts';

/** Which claims to restore, and how. Refused with `-f`, and repeated in the commands of hints. */
export const wishes = {
  only: {
    type: 'string[]',
    commas: true,
    valueName: 'CLAIM',
    completes: 'claim',
    description: 'Restore these claims only.',
  },
  suffix: {
    type: 'string',
    valueName: 'SUFFIX',
    description: 'Restore beside existing claims: add this to the name of each restored claim.',
  },
  claim: {
    type: 'string[]',
    valueName: 'CLAIM=NAME',
    description: 'Restore a claim under another name; may be repeated.',
  },
  storageClass: {
    type: 'string',
    valueName: 'CLASS',
    completes: 'storage-class',
    description: 'StorageClass of the restored claims; by default the class of each original claim.',
  },
  stripLabel: {
    type: 'string[]',
    commas: true,
    valueName: 'LABEL',
    description:
      'Leave this label of the original claims out; example.com/ stands for all labels of that prefix. Claims that are restored under another name never get the labels by which Argo CD, Flux or Helm own the original.',
  },
} as const satisfies Flags;

export const restoreFlags = {
  ...fromFlag,
  ...wishes,
  ...inPlaceFlags,
  ...selectorFlag,
  all: {
    type: 'boolean',
    description: 'Restore every workload and claim of the namespace that has lost its claims.',
  },
  filename: {
    type: 'string',
    alias: 'f',
    valueName: 'FILE',
    description: 'Carry out the RestoreSession in this file (- for standard input).',
  },
  timeout: {
    type: 'duration',
    positive: true,
    valueName: 'DURATION',
    description:
      "How long this command waits; also spec.timeOut of a session that it creates. By default the session's timeOut, else 10m.",
  },
  ...executionFlags,
  dryRun: dryRunFlag('client', 'server'),
  output: outputFlag('objects'),
} as const;

export type RestoreArgs = Args<typeof restoreFlags>;
