/** Builds the page about a workload or a claim. */
import { annotatedDriver } from '#src/domain/backup/snapshot-class.ts';
import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import type { ClaimFacts, ConfigurationFacts, TargetFacts } from '#src/domain/describe/facts.ts';
import { nextOfTarget } from '#src/domain/describe/next-steps.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { formatAge } from '#src/domain/duration.ts';
import { placeOf } from '#src/domain/in-place/topology.ts';
import { mayBeStopped } from '#src/domain/in-place/interrupted.ts';
import { swapsClaims } from '#src/domain/in-place/unfinished-swap.ts';
import { isGood, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { keepRules, prunes } from '#src/domain/retention/retention-rules.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { keptVolumeTable } from '../kept-volumes.ts';
import { restorePointTable } from '../restore-points.ts';
import { renderColumns, type Column } from '../table.ts';
import type { TimeZone } from '../time.ts';
import { eventsSection } from './events-section.ts';
import type { Moments } from './moments.ts';
import { nextSection } from './next-section.ts';
import { unknown, whereKnown, type Page } from './page.ts';
import { lastSession } from './story.ts';

export interface TargetPageOptions {
  readonly moments: Moments;
  readonly zone: TimeZone;
  /** Empty if the user may not read snapshot classes. */
  readonly classes: readonly VolumeSnapshotClass[];
  readonly at: (command: string) => string;
}

const mostClaims = 50;
const mostPoints = 10;
const mostKept = 20;
const mostNames = 5;

export function targetPage(facts: TargetFacts, options: TargetPageOptions): Page {
  const { target, exists } = facts;
  const { moments } = options;
  return [
    { label: 'Name', value: target.name },
    { label: 'Namespace', value: target.namespace },
    { label: 'Kind', value: target.kind },
    ...('value' in exists
      ? exists.value
        ? []
        : [{ label: 'State', value: 'it does not exist' }]
      : [{ label: 'State', value: unknown(exists) }]),
    ...claimsSection(facts, options),
    ...configurationsSection(facts, moments),
    ...pointsSection(facts, options),
    ...facts.unfinishedSwaps.map((session) => ({
      label: 'Unfinished',
      value: [
        swapsClaims(session),
        mayBeStopped(session) ? 'the workload may be stopped' : 'the workload has not been stopped',
      ],
    })),
    ...keptSection(facts, moments),
    ...lastSession(
      facts.last,
      ({ words, session }) => sessionNamed(words.resource, session.metadata.name),
      moments,
    ),
    ...nextSection(nextOfTarget(facts), options.at),
    ...eventsSection(facts.events, moments),
  ];
}

function claimsSection({ claims }: TargetFacts, { classes }: TargetPageOptions): Page {
  return whereKnown('Claims', claims, (all) => {
    const columns: readonly Column<ClaimFacts>[] = [
      { header: 'claim', cell: ({ name }) => name },
      { header: 'state', cell: stateOf },
      { header: 'size', cell: ({ claim }) => claim?.status?.capacity?.storage ?? '' },
      { header: 'class', cell: ({ claim }) => claim?.spec.storageClassName ?? '' },
      { header: 'driver', cell: (each) => driverOf(each, classes) },
      { header: 'volume', cell: ({ claim }) => claim?.spec.volumeName ?? '' },
      { header: 'zone', cell: zoneOf },
    ];
    const hidden = all.length - mostClaims;
    const table =
      all.length === 0
        ? ''
        : renderColumns(columns, all.slice(0, mostClaims), {}) +
          (hidden > 0 ? `... and ${hidden} more\n` : '');
    const unread = all.find(({ volume }) => !('value' in volume));
    return [
      { label: 'Claims', table },
      ...(unread === undefined ? [] : [{ label: 'Volumes', value: unknown(unread.volume) }]),
    ];
  });
}

function stateOf({ claim }: ClaimFacts): string {
  if (claim === undefined) return 'does not exist';
  return claim.metadata.deletionTimestamp === undefined ? (claim.status?.phase ?? 'Pending') : 'Terminating';
}

/** Finds the driver by the volume; if the user may not read that, by the claim's provisioner annotation. */
function driverOf({ claim, volume }: ClaimFacts, classes: readonly VolumeSnapshotClass[]): string {
  if (claim === undefined) return '';
  if ('value' in volume && volume.value !== undefined)
    return volume.value.spec.csi?.driver ?? '<no CSI driver>';
  return annotatedDriver(claim, classes) ?? '<unknown>';
}

function zoneOf({ claim, volume }: ClaimFacts): string {
  if (claim === undefined) return '';
  if (!('value' in volume) || volume.value === undefined) return '<unknown>';
  return placeOf(volume.value) ?? '<any>';
}

function configurationsSection({ configurations }: TargetFacts, moments: Moments): Page {
  return whereKnown('Schedule', configurations, (all) => {
    const scheduled = all.filter(({ outlook }) => outlook !== undefined);
    if (scheduled.length === 0) return [{ label: 'Schedule', value: '<none>' }];
    return scheduled.map((each) => ({ label: 'Schedule', items: scheduleOf(each, moments) }));
  });
}

function scheduleOf(
  { configuration, outlook, nextRetention }: ConfigurationFacts,
  { now, at }: Moments,
): Page {
  const { metadata, spec, status } = configuration;
  const { schedule = '', paused = false } = spec;
  const policy = spec.retentionPolicy as Partial<typeof spec.retentionPolicy> | undefined;
  const rules = keepRules.flatMap(({ field, word }) => (policy?.[field] ? [`${word} ${policy[field]}`] : []));
  const problem = status?.conditions?.find((each) => each.status === 'False');
  const due = outlook?.nextDue;
  const last = outlook?.lastGood;
  return [
    { label: 'Configuration', value: `backupconfiguration/${metadata.name}` },
    {
      label: 'Status',
      value:
        status?.phase === undefined
          ? '<none>: no operator has looked at it'
          : `${status.phase}${problem === undefined ? '' : `: ${conditionWords(problem) ?? ''}`}`,
    },
    { label: 'Schedule', value: `${schedule} (UTC)${paused ? ', paused' : ''}` },
    {
      label: 'Next Due',
      value:
        due === undefined
          ? '<none>'
          : `${at(due)} (in ${formatAge(Math.max(0, due.getTime() - now.getTime()))})`,
    },
    {
      label: 'Overdue',
      value:
        outlook?.overdue === true ? 'yes: it was due twice since its newest complete restore point' : 'no',
    },
    {
      label: 'Newest Complete',
      value: last === undefined ? '<none>' : `${last.session}, ${at(last.takenAt)}`,
    },
    { label: 'Retention', value: rules.length === 0 ? 'keeps all' : `keeps ${rules.join(', ')}` },
    { label: 'Next Run Deletes', value: deletesWords(configuration, nextRetention) },
  ];
}

function deletesWords(
  { spec }: ConfigurationFacts['configuration'],
  read: ConfigurationFacts['nextRetention'],
): string | readonly string[] {
  if (read === undefined) return 'it is not due';
  if (!('value' in read)) return unknown(read);
  const { go } = read.value;
  if (go.length === 0) return 'nothing';
  const names = go.map(({ snapshot, why }) => `${snapshot.metadata.name} (${why})`);
  const more = names.length - mostNames;
  return [
    ...(prunes(spec.retentionPolicy) ? [] : ['nothing, since the policy does not prune; else:']),
    ...names.slice(0, mostNames),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function pointsSection(
  { target, points, others }: TargetFacts,
  { moments, zone, at }: TargetPageOptions,
): Page {
  return whereKnown('Restore Points', points, (all) => {
    const table = restorePointTable({ wide: false, allNamespaces: false, ofOneWorkload: true });
    const shown = all.slice(0, mostPoints);
    const hidden = all.length - shown.length;
    const list = at(commandLine`kubectl stash list ${formatTarget(target)} -n ${target.namespace}`);
    const text =
      shown.length === 0 ? '' : table({ points: shown, now: moments.now, zone, classes: undefined });
    const count = `${all.filter(isGood).length} of ${all.length} complete`;
    return [
      {
        label: all.length === 0 ? 'Restore Points' : `Restore Points (${count})`,
        table: `${text}${hidden > 0 ? `... and ${hidden} older ones; to list them: ${list}\n` : ''}`,
      },
      ...(others.length === 0 ? [] : [{ label: 'Also In', value: othersWords(others) }]),
    ];
  });
}

function othersWords(points: readonly RestorePoint[]): readonly string[] {
  const byTarget = Map.groupBy(points, ({ target }) => (target ? formatTarget(target) : '<unknown>'));
  return [...byTarget]
    .slice(0, mostNames)
    .map(
      ([target, of]) => `${of.length === 1 ? '1 restore point' : `${of.length} restore points`} of ${target}`,
    );
}

function keptSection({ kept }: TargetFacts, { now }: Moments): Page {
  return whereKnown('Kept Volumes', kept, (all) => {
    if (all.length === 0) return [{ label: 'Kept Volumes', value: '<none>' }];
    const options = { now, allNamespaces: false, wide: false, noHeaders: false };
    const hidden = all.length - mostKept;
    const table = keptVolumeTable(all.slice(0, mostKept), options);
    return [{ label: 'Kept Volumes', table: `${table}${hidden > 0 ? `... and ${hidden} more\n` : ''}` }];
  });
}
