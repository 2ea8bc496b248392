/** The targets that a command line names, in kubectl's grammar: `TYPE/NAME ...`, `TYPE NAME ...`, `TYPE[,TYPE]`. */
import { StashError } from '#src/errors.ts';

import { commandLine } from '#src/domain/command-line.ts';
import { nearest } from '#src/domain/nearest.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import {
  targetTypes,
  type TargetKind,
  kindOfWord,
  targetKinds,
  wordsOfKind,
} from '#src/domain/workload/kinds.ts';
import { isObjectName } from './object-name.ts';

export interface TargetArguments {
  /** Each once, in the order given. */
  readonly kinds: TargetKind[];
  /** Each once, in the order given; empty if `-l` or `--all` selects objects of the kinds. */
  readonly names: readonly Pick<Target, 'kind' | 'name'>[];
}

export interface TargetArgumentsOptions {
  /** `refused` with `-l` or `--all`. Default `required`. */
  readonly names?: 'required' | 'optional' | 'refused';
}

/** Types that users may try although no target has them, each with a hint that says what to name instead. */
const otherTypes = new Map(
  [
    { words: ['pod', 'pods', 'po'], instead: 'name the workload that runs it, or its claim: pvc/NAME' },
    { words: ['job', 'jobs'], instead: 'name its claim: pvc/NAME' },
    { words: ['cronjob', 'cronjobs', 'cj'], instead: 'name its claim: pvc/NAME' },
    { words: ['persistentvolume', 'persistentvolumes', 'pv'], instead: 'name its claim: pvc/NAME' },
    {
      words: ['service', 'services', 'svc'],
      instead: 'name the workload behind it: deploy/NAME or sts/NAME',
    },
    {
      words: ['schedule', 'schedules', 'backupconfiguration', 'backupconfigurations', 'bc'],
      instead: 'name its workload: deploy/NAME; or list all schedules:\nkubectl stash list schedules',
    },
    { words: ['all'], instead: 'name the types: deploy,sts,ds' },
  ].flatMap(({ words, instead }) => words.map((word) => [word, instead] as const)),
);

/** @throws StashError 'usage' for an unknown type or invalid name, or if `options` refuses or requires names */
export function parseTargets(
  words: readonly string[],
  options: TargetArgumentsOptions = {},
): TargetArguments {
  const { names: wanted = 'required' } = options;
  const [types, ...rest] = words;
  if (types === undefined) {
    throw usage('no target given', 'name one: deploy/NAME, sts/NAME, ds/NAME or pvc/NAME');
  }
  const slashed = words.some((word) => word.includes('/'));
  if (slashed) refuseMixture(words);
  const kinds = slashed ? [] : types.split(',').map(parseKind);
  const names = slashed
    ? words.map(parseTarget)
    : kinds.flatMap((kind) => rest.map((name) => ({ kind, name: parseName(kind, name) })));
  if (names.length > 0 && wanted === 'refused') {
    throw usage(
      'a name cannot be combined with -l or --all',
      `leave out ${(slashed ? words : rest).join(' ')} or the flag`,
    );
  }
  if (names.length === 0 && wanted === 'required') {
    const short = targetTypes[kinds[0] ?? 'Deployment'].short;
    throw usage(
      `${types} is a type without a name`,
      `name one, ${short}/NAME; a snapshot takes -l SELECTOR or --all too\n${commandLine`kubectl get ${short}`}`,
    );
  }
  const unique = new Map(names.map((target) => [formatTarget(target), target]));
  return { kinds: [...new Set([...kinds, ...names.map(({ kind }) => kind)])], names: [...unique.values()] };
}

/** Reads `TYPE/NAME`. Throws 'usage'. */
export function parseTarget(word: string): Pick<Target, 'kind' | 'name'> {
  const [type = '', name = '', ...more] = word.split('/');
  if (type === '' || name === '' || more.length > 0 || type.includes(',')) {
    throw usage(`"${word}" is not TYPE/NAME`, 'write one type and one name: deploy/NAME');
  }
  const kind = parseKind(type);
  return { kind, name: parseName(kind, name) };
}

/** `deploy/a b` could only mean `deploy/a deploy/b`, but is refused as kubectl refuses it. */
function refuseMixture(words: readonly string[]): void {
  const bare = words.find((word) => !word.includes('/'));
  if (bare === undefined) return;
  if (bare === 'true' || bare === 'false')
    throw usage(
      `"${bare}" is not the name of a workload`,
      `write the value of a flag with "=", as in --wait=${bare}`,
    );
  const type = words.find((word) => word.includes('/'))?.split('/')[0] ?? '';
  const instead = kindOfWord(bare) ? `${bare}/NAME` : `${type}/${bare}`;
  throw usage('TYPE NAME and TYPE/NAME cannot be mixed', `write ${instead} for ${bare}`);
}

/** Reads `deploy`, `deployments`, `Deployment`, `deployment.apps`, `deployments.v1.apps`; undefined for other words. */
export function targetKindOf(word: string): TargetKind | undefined {
  const [type = '', ...group] = word.toLowerCase().split('.');
  const kind = kindOfWord(type);
  if (kind === undefined) return undefined;
  const { resource } = targetTypes[kind];
  const accepted = ['', resource.group, `${resource.version}.${resource.group}`];
  return accepted.includes(group.join('.')) ? kind : undefined;
}

function parseKind(word: string): TargetKind {
  const kind = targetKindOf(word);
  if (kind !== undefined) return kind;
  const [type = ''] = word.toLowerCase().split('.');
  const ofOtherGroup = kindOfWord(type);
  if (ofOtherGroup !== undefined) {
    throw usage(`unknown type "${word}"`, `did you mean ${targetTypes[ofOtherGroup].short}?`);
  }
  const instead = otherTypes.get(type);
  if (instead !== undefined) throw usage(`${word} cannot be snapshotted or restored by itself`, instead);
  const near = nearest(type, targetKinds.flatMap(wordsOfKind));
  const shorts = targetKinds.map((known) => targetTypes[known].short);
  const last = shorts.pop() ?? '';
  throw usage(
    `unknown type "${word}"`,
    near === undefined
      ? `types are ${shorts.join(', ')} and ${last}, as in deploy/NAME`
      : `did you mean ${near}?`,
  );
}

function parseName(kind: TargetKind, name: string): string {
  if (isObjectName(name)) return name;
  const { short } = targetTypes[kind];
  throw usage(
    name === ''
      ? `empty name of a ${kind.toLowerCase()}`
      : `"${name}" cannot be the name of a ${kind.toLowerCase()}`,
    commandLine`kubectl get ${short}`,
  );
}

function usage(message: string, hint: string): StashError {
  return new StashError('usage', message, { hint });
}
