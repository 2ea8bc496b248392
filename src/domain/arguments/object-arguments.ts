/** The Stash objects that a command line names, in kubectl's grammar: `TYPE/NAME ...`, `TYPE NAME ...`. */
import {
  backupConfigurations,
  backupSessions,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { StashError } from '#src/errors.ts';

import { commandLine } from '#src/domain/command-line.ts';
import { nearest } from '#src/domain/nearest.ts';
import { isObjectName } from './object-name.ts';

export type ObjectType = 'backupconfiguration' | 'backupsession' | 'restoresession' | 'volumesnapshot';

export interface ObjectArgument {
  /** Undefined if the command line names no object. */
  readonly type: ObjectType | undefined;
  readonly name: string;
}

/** Short names as in the published CustomResourceDefinitions. */
const types: Readonly<Record<ObjectType, { readonly resource: Resource; readonly short?: string }>> = {
  backupconfiguration: { resource: backupConfigurations, short: 'bc' },
  backupsession: { resource: backupSessions },
  restoresession: { resource: restoreSessions, short: 'restore' },
  volumesnapshot: { resource: volumeSnapshots, short: 'vs' },
};

/**
 * Returns each name once, in the order given. `type` is the type of a name without `TYPE/`.
 * @throws StashError 'usage' for another type or an invalid name
 */
export function parseNames(words: readonly string[], type: ObjectType): string[] {
  const names = words.map((word) => {
    const slash = word.indexOf('/');
    if (slash < 0) return checkName(word, type);
    const given = parseType(word.slice(0, slash), [type]);
    return checkName(word.slice(slash + 1), given);
  });
  return [...new Set(names)];
}

/**
 * Returns the objects in `TYPE/NAME ...`, `TYPE NAME ...` or `NAME ...`, each once.
 * @throws StashError 'usage' for a type that is not in `allowed`, an invalid name, or a missing name
 */
export function parseObjects(words: readonly string[], allowed: readonly ObjectType[]): ObjectArgument[] {
  const [first = '', ...names] = words;
  if (words.every((word) => isObjectName(word)) && !isLikeType(first, allowed)) {
    return unique(words.map((name) => ({ type: undefined, name })));
  }
  const slashed = words.filter((word) => word.includes('/'));
  if (slashed.length > 0 && slashed.length < words.length) {
    throw usage('TYPE NAME and TYPE/NAME cannot be mixed', `write ${allowed[0] ?? 'TYPE'}/NAME for each`);
  }
  if (slashed.length > 0) {
    return unique(
      slashed.map((word) => {
        const slash = word.indexOf('/');
        const type = parseType(word.slice(0, slash), allowed);
        return { type, name: checkName(word.slice(slash + 1), type) };
      }),
    );
  }
  const type = parseType(first, allowed);
  if (names.length === 0) {
    throw usage(`${first} is a type without a name`, commandLine`kubectl get ${types[type].resource.plural}`);
  }
  return unique(names.map((name) => ({ type, name: checkName(name, type) })));
}

/** Turns `TYPE NAME...` into `TYPE/NAME...` if the first word is a type. Returns other words unchanged. */
export function joinType(words: readonly string[], isType: (word: string) => boolean): readonly string[] {
  const [type = '', ...names] = words;
  if (names.length === 0 || words.some((word) => word.includes('/')) || !isType(type)) return words;
  return names.map((name) => `${type}/${name}`);
}

export function resourceOf(type: ObjectType): Resource {
  return types[type].resource;
}

/** `backupsession`, `BackupSessions`, `backupsession.stash.appscode.com`, `backupsessions.v1beta1.stash.appscode.com`. */
export function isTypeOf(word: string, type: ObjectType): boolean {
  const [first = '', ...group] = word.toLowerCase().split('.');
  const { resource } = types[type];
  const groups = ['', resource.group, `${resource.version}.${resource.group}`];
  return spellings(type).includes(first) && groups.includes(group.join('.'));
}

function parseType(word: string, allowed: readonly ObjectType[]): ObjectType {
  const type = allowed.find((each) => isTypeOf(word, each));
  if (type !== undefined) return type;
  const [first = ''] = word.toLowerCase().split('.');
  const near = nearest(first, allowed.flatMap(spellings));
  throw usage(
    `"${word}" is not a type that this command takes`,
    near === undefined ? waysOf(allowed) : `did you mean ${near}?`,
  );
}

/** Whether the word is a type, perhaps misspelt. Types consist of letters: `restore-1` is a name. */
function isLikeType(word: string, allowed: readonly ObjectType[]): boolean {
  const [first = ''] = word.split('.');
  const types = allowed.flatMap(spellings);
  return types.includes(first) || (/^[a-z]+$/.test(first) && nearest(first, types) !== undefined);
}

function waysOf(allowed: readonly ObjectType[]): string {
  const [only, ...others] = allowed;
  if (only === undefined || others.length > 0) return `write ${formsOf(allowed, 'NAME')}`;
  return `write ${only}/NAME, or NAME alone\n${commandLine`kubectl get ${types[only].resource.plural}`}`;
}

/** `backupsession/NAME, restoresession/NAME or volumesnapshot/NAME` */
function formsOf(allowed: readonly ObjectType[], name: string): string {
  const forms = allowed.map((type) => `${type}/${name}`);
  return [...forms.slice(0, -2), forms.slice(-2).join(' or ')].join(', ');
}

function spellings(type: ObjectType): string[] {
  const { resource, short } = types[type];
  return [type, resource.plural, ...(short === undefined ? [] : [short])];
}

function checkName(name: string, type: ObjectType): string {
  if (isObjectName(name)) return name;
  const { plural } = types[type].resource;
  throw usage(
    name === '' ? `empty name of a ${type}` : `"${name}" cannot be the name of a ${type}`,
    commandLine`kubectl get ${plural}`,
  );
}

function unique(given: readonly ObjectArgument[]): ObjectArgument[] {
  return [...new Map(given.map((each) => [`${each.type ?? ''}/${each.name}`, each])).values()];
}

function usage(message: string, hint: string): StashError {
  return new StashError('usage', message, { hint });
}
