/**
 * Names of the objects that we create. They are deterministic, so that every step can be repeated, and they are never
 * parsed. A name that would be too long is cut and ends in a hash of the whole.
 */
import { StashError } from '#src/errors.ts';

import { targetTypes } from './kinds.ts';
import type { Target } from './target.ts';

const objectLimit = 253;
/** A Job's name is also a label of its pods. */
const jobLimit = 63;
/** The CronJob controller appends eleven characters for its Jobs. */
const cronJobLimit = 52;
const labelLimit = 63;

const validLabelValue = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)?$/i;

/**
 * `name` if it has at most `limit` characters; else its beginning, `-` and eight hex digits, `limit` characters at
 * most. A valid DNS-1123 subdomain stays one.
 */
export function shorten(name: string, limit: number): string {
  return name.length <= limit ? name : withHash(name, name, limit);
}

/** Whether an object can have a label with this value. */
export function isLabelValue(text: string): boolean {
  return text.length <= labelLimit && validLabelValue.test(text);
}

/** `text` as a label value: unchanged if it is valid, else with invalid characters replaced and a hash appended. */
export function labelValue(text: string): string {
  if (isLabelValue(text)) return text;
  return withHash(text.replaceAll(/[^a-z0-9._-]/gi, '-'), text, labelLimit);
}

/** Name of the BackupConfiguration that we create for a target: `deploy-foo`. */
export function invokerName(target: Pick<Target, 'kind' | 'name'>): string {
  return shorten(`${targetTypes[target.kind].short}-${target.name}`, objectLimit);
}

/** `<invoker>-<unix seconds>` */
export function sessionName(invoker: string, at: Date): string {
  return withSuffix(invoker, unixSeconds(at));
}

/** `restore-<short kind>-<name>-<unix seconds>` */
export function restoreSessionName(target: Pick<Target, 'kind' | 'name'>, at: Date): string {
  return withSuffix(`restore-${invokerName(target)}`, unixSeconds(at));
}

/** `files-<short kind>-<name>-<unix seconds>` */
export function fileSessionName(target: Pick<Target, 'kind' | 'name'>, at: Date): string {
  return withSuffix(`files-${invokerName(target)}`, unixSeconds(at));
}

/** `<claim>-<unix seconds>` of the session's creationTimestamp (RFC 3339). */
export function snapshotName(claim: string, sessionCreated: string): string {
  return withSuffix(claim, unixSeconds(new Date(sessionCreated)));
}

/** The name if another session has taken `snapshotName`: appends four hex digits of this session's UID. */
export function snapshotNameTaken(claim: string, sessionCreated: string, sessionUid: string): string {
  const digits = sessionUid
    .toLowerCase()
    .replaceAll(/[^0-9a-f]/g, '')
    .padEnd(4, '0')
    .slice(0, 4);
  return withSuffix(claim, `${unixSeconds(new Date(sessionCreated))}-${digits}`);
}

/** Whether `snapshotName` or `snapshotNameTaken` gives a snapshot of the claim this name, in any session. */
export function namesSnapshotOf(claim: string, name: string): boolean {
  const [, suffix] = /-(\d{10}(?:-[0-9a-f]{4})?)$/.exec(name) ?? [];
  return suffix !== undefined && withSuffix(claim, suffix) === name;
}

/** `stash-trigger-<invoker, dots to dashes>`, as AppsCode's Stash names it: invokers `a.b` and `a-b` share a name. */
export function cronJobName(invoker: string): string {
  return shorten(`stash-trigger-${invoker.replaceAll('.', '-')}`, cronJobLimit);
}

export function snapshotterJobName(session: string): string {
  return shorten(`stash-vs-${session}`, jobLimit);
}

export function restoreJobName(session: string): string {
  return shorten(`stash-restore-${session}`, jobLimit);
}

/** Shortens only the stem: the time stays readable, and two times always have different names. */
function withSuffix(stem: string, suffix: string): string {
  return `${shorten(stem, objectLimit - suffix.length - 1)}-${suffix}`;
}

function withHash(text: string, whole: string, limit: number): string {
  const hash = fingerprint(whole).slice(0, limit);
  const head = text
    .slice(0, Math.max(0, limit - hash.length - 1))
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/gi, '');
  return head === '' ? hash : `${head}-${hash}`;
}

/** A hash of `text` in eight hex digits. */
export function fingerprint(text: string): string {
  return fnv1a(text).toString(16).padStart(8, '0');
}

/** FNV-1a, 32 bits, of the UTF-8 bytes. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function unixSeconds(at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000);
  if (Number.isNaN(seconds)) throw new StashError('bug', 'a name was asked for a time that is none');
  return String(seconds);
}
