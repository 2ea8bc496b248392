/** Prints the plan of a restore in place, for the user to confirm. */
import { formatAge } from '#src/domain/duration.ts';
import { cutMiddle } from '#src/domain/ellipsis.ts';
import {
  backCommand,
  forgetCommand,
  goOnCommand,
  undoCommand,
} from '#src/domain/in-place/in-place-command.ts';
import type { InPlacePlan, InPlaceRow } from '#src/domain/in-place/plan.ts';
import { formatBytes, parseQuantity } from '#src/domain/quantity.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { gap, renderTable } from './table.ts';
import { timeFormat } from './time.ts';
import { wrap } from './wrap.ts';

const width = 80;

/** Returns lines of at most 80 columns, except for commands, which are on lines of their own. */
export function inPlacePlanLines(plan: InPlacePlan, now: Date): string[] {
  const { target, point, rows, notes } = plan;
  const of = formatTarget(target);
  const age = formatAge(now.getTime() - point.cutAt.getTime());
  return [
    ...text(`restore in place: ${of} in namespace ${target.namespace}`),
    ...text(`from restore point ${point.session}, cut ${age} ago (${timeFormat('utc')(point.cutAt)})`),
    '',
    ...table(rows),
    '',
    ...stepsOf(plan).flatMap((words, index) => step(index + 1, words)),
    '',
    ...(plan.record.method === 'swap' ? ifSwapped(plan, age) : ifRecreated(plan, age)),
    ...notes.flatMap((note) => text(`note: ${note}`)),
  ];
}

function ifSwapped({ target, session, record, stop: { method } }: InPlacePlan, age: string): string[] {
  const first = record.before !== undefined && method === 'gate' ? 3 : 2;
  return [
    ...text(
      `What was written in the last ${age} is not in the new volumes. The present volumes keep it until you give them up.`,
    ),
    ...text(
      `Ctrl-C ${first === 2 ? 'during step 1' : `before step ${first}`} leaves the workload and its claims as they are. From step ${first} on, no pod uses the claims until you go on or back. To go on, run the same command:`,
    ),
    `  ${goOnCommand(session)}`,
    ...text('To go back to the present volumes, even after the restore:'),
    `  ${undoCommand(session.metadata.name, target.namespace)}`,
    ...text('To give the present volumes up after the restore:'),
    `  ${forgetCommand(session.metadata.name, target.namespace)}`,
  ];
}

function ifRecreated({ session, rows, record: { before = '' } }: InPlacePlan, age: string): string[] {
  const volumes = rows.length === 1 ? 'volume is' : 'volumes are';
  return [
    ...text(
      `What was written in the last ${age} is not in the new claims. The present ${volumes} deleted, if that is their policy: only backupsession/${before} keeps that data.`,
    ),
    ...text(
      'Ctrl-C before the claims are deleted leaves them as they are. After that, the workload is down until you go on. To go on, run the same command:',
    ),
    `  ${goOnCommand(session)}`,
    ...text('To go back to the data of that snapshot after the restore:'),
    `  ${backCommand(session)}`,
  ];
}

function stepsOf(plan: InPlacePlan): string[] {
  const { record, stop: stopping, rows } = plan;
  const snapshot = record.before === undefined ? [] : [takeBefore(plan, record.before)];
  const orders = stopping.method === 'scale' ? [stop(plan), ...snapshot] : [...snapshot, stop(plan)];
  if (record.method === 'swap') return [stage(plan), ...orders, start(plan)];
  const [claims, them] = rows.length === 1 ? ['claim', 'it'] : ['claims', 'them'];
  const again =
    stopping.method === 'scale'
      ? `Delete the ${claims} and create ${them} again`
      : `Create the ${claims} again`;
  const from = rows.length === 1 ? 'its snapshot' : 'their snapshots';
  return [
    ...orders,
    `${again}, from ${from}, and start the workload. It is down until the driver has made the new volumes.`,
  ];
}

function takeBefore({ stop: { method }, record }: InPlacePlan, before: string): string {
  const where = record.method === 'swap' ? 'only in the volumes that are kept' : 'lost';
  return method === 'scale'
    ? `Take a snapshot of the present data, backupsession/${before}, of the stopped workload.`
    : `Take a snapshot of the present data, backupsession/${before}, while the pods run: what they write after it is ${where}.`;
}

function stage({ rows, pods, storage: { needed, left } }: InPlacePlan): string {
  const quota = left === undefined ? '' : ` (the quota leaves ${formatBytes(left)})`;
  const from = rows.length === 1 ? 'its snapshot' : 'their snapshots';
  const made = counted(rows.length, 'new volume');
  const meanwhile = pods === 0 ? '' : ' The pods run on.';
  return `Make ${made} from ${from}, ${formatBytes(needed)} beside the present ones${quota}.${meanwhile}`;
}

function stop({ target, stop: { method, why }, replicas = 0, pods, rows }: InPlacePlan): string {
  const of = formatTarget(target);
  const budgets = 'PodDisruptionBudgets are not asked.';
  if (method === 'scale') {
    if (replicas === 0) return `Nothing to stop: ${of} has no replicas.`;
    return `Scale ${of} from ${counted(replicas, 'replica')} to 0. ${budgets}`;
  }
  const [claims, them] = rows.length === 1 ? ['claim', 'it'] : ['claims', 'them'];
  const gate = `Delete the ${claims}: from then on no pod can start on ${them}.`;
  if (pods === 0) return `${gate} No pod uses ${them} now.`;
  const notScaled = why === undefined ? '' : ` ${of} is not scaled: ${why}.`;
  return `${gate} Then delete ${counted(pods, 'pod')}. ${budgets}${notScaled}`;
}

function start({ target, record, stop: { method }, replicas = 0, pods, rows }: InPlacePlan): string {
  const [claims, them, volumes] =
    rows.length === 1 ? ['claim', 'it', 'volume'] : ['claims', 'them', 'volumes'];
  const again =
    method === 'scale' ? `Delete the ${claims} and create ${them} again` : `Create the ${claims} again`;
  const bound = `${again}, bound to the new ${volumes}.`;
  if (pods === 0 && replicas === 0) return bound;
  if (record.pause === true) {
    return `${bound} Then exit with 7: ${formatTarget(target)} has 0 replicas until you run the same command again.`;
  }
  const runs =
    method === 'scale'
      ? `Scale ${formatTarget(target)} to ${counted(replicas, 'replica')} again.`
      : 'The pods start again.';
  return `${bound} ${runs} The downtime is the time that the pods take to stop and to start, and a moment between: no data is copied.`;
}

const allHeaders = ['claim', 'present volume', 'size', 'place'];
/** A claim's name is not cut below this many characters. */
const least = 12;

function table(rows: readonly InPlaceRow[]): string[] {
  const headers = rows.some(({ place }) => place !== undefined) ? allHeaders : allHeaders.slice(0, -1);
  const cells = rows.map(({ claim, volume, size, newSize, place = '' }) => [
    claim,
    volume,
    parseQuantity(size) === parseQuantity(newSize) ? size : `${size} -> ${newSize}`,
    ...(headers === allHeaders ? [place] : []),
  ]);
  const others = headers.slice(1).map((header, index) => {
    return Math.max(header.length, ...cells.map((row) => sanitize(row[index + 1] ?? '').length)) + gap;
  });
  const room = width - others.reduce((sum, each) => sum + each, 0);
  const fitted = cells.map(([claim = '', ...rest]) => [
    cutMiddle(sanitize(claim), Math.max(least, room)),
    ...rest,
  ]);
  return renderTable(headers, fitted).trimEnd().split('\n');
}

function step(number: number, words: string): string[] {
  return wrap(sanitize(words), width - 2, Infinity).map(
    (line, index) => `${index === 0 ? number : ' '} ${line}`,
  );
}

function text(words: string): string[] {
  return wrap(sanitize(words), width, Infinity);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
