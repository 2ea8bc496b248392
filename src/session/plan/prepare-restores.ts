/** Prepares a RestoreSession for each workload of a namespace that has lost its claims. */
import { commandLine } from '#src/domain/command-line.ts';
import { errorOf } from '#src/domain/finding.ts';
import { chooseRestores, targetsOf, unattributed } from '#src/domain/restore/choose-restores.ts';
import { parseMoment } from '#src/domain/restore-points/moment.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { isOf } from '#src/domain/restore-points/choose-point.ts';
import { targetTypes, type TargetKind } from '#src/domain/workload/kinds.ts';
import { parseLabelQuery } from '#src/domain/workload/label-query.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';

import type { NamespaceReader } from './namespace-reader.ts';
import {
  prepareFrom,
  pointsOfNamespace,
  type PreparedRestore,
  type RestoreRequest,
} from './prepare-restore.ts';

export interface ManyRequest extends Pick<RestoreRequest, 'from' | 'flags' | 'written'> {
  /** If empty, all kinds. */
  readonly kinds: readonly TargetKind[];
  /** `-l`. Undefined: all. */
  readonly selector: string | undefined;
}

export interface PreparedRestores {
  readonly prepared: readonly Promise<PreparedRestore>[];
  /** What the restore skips and why; one line each. */
  readonly notes: readonly string[];
  readonly refused: readonly StashError[];
}

/** Reads only, and writes nothing. Rejects with 'not-found' if no selected workload has a restore point. */
export async function prepareRestores(
  reader: NamespaceReader,
  request: ManyRequest,
  now: Date,
): Promise<PreparedRestores> {
  const { kinds, selector, from, flags } = request;
  const points = await pointsOfNamespace(reader);
  const ofKinds = targetsOf(points).filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  const targets = selector === undefined ? ofKinds : await withLabels(reader, ofKinds, points, selector);
  const scene = { points, claims: await reader.claims(), sessions: await reader.restoreSessions() };
  const isNarrowed = kinds.length > 0 || selector !== undefined;
  const strays = isNarrowed || flags.suffix !== undefined ? [] : unattributed(scene, targets);
  if (targets.length === 0 && strays.length === 0) throw nothingFound(reader.namespace, request);
  const { restores, notes, failures } = chooseRestores(targets, scene, {
    ...{ from, moment: parseMoment(from, now), suffix: flags.suffix },
  });
  return {
    prepared: restores.map(({ target, point, only }) =>
      prepareFrom(reader, { ...request, target, flags: { ...flags, only } }, point, now),
    ),
    notes,
    refused: [...failures, ...strays].map(errorOf),
  };
}

/**
 * Selects by the labels of the workload; if it does not exist, by the labels that its claims had when the snapshots
 * were taken.
 */
async function withLabels(
  { cluster, namespace }: NamespaceReader,
  targets: readonly Target[],
  points: readonly RestorePoint[],
  selector: string,
): Promise<Target[]> {
  const wanted = parseLabelQuery(selector);
  const kinds = [...new Set(targets.map(({ kind }) => kind))];
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const { items } = await cluster.list(targetTypes[kind].resource, { namespace });
      return items.map(
        ({ metadata: { name, labels = {} } }) => [formatTarget({ kind, name }), labels] as const,
      );
    }),
  );
  const present = new Map(lists.flat());
  return targets.filter((target) => {
    const labels = present.get(formatTarget(target));
    if (labels !== undefined) return wanted(labels);
    const newest = points.find((point) => isOf(point, target));
    return newest?.claims.some(({ source }) => wanted(source?.labels ?? {})) === true;
  });
}

function nothingFound(namespace: string, { kinds, selector }: ManyRequest): StashError {
  const of = kinds.map((kind) => targetTypes[kind].resource.plural).join(' or ');
  const which = `${of === '' ? '' : ` of ${of}`}${selector === undefined ? '' : ` with labels ${selector}`}`;
  return new StashError('not-found', `no restore points${which} in namespace ${namespace}`, {
    hint: commandLine`kubectl stash list -n ${namespace}`,
  });
}
