/** How `cp` names files: in a restore point, in a running pod, or on this machine. */
import { parseTarget } from '#src/domain/arguments/target-arguments.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';

import { claimPath } from './claim-path.ts';

export interface PointLocation {
  readonly target: Pick<Target, 'kind' | 'name'>;
  /** As `--from`; left out: the flag says which point. */
  readonly from?: string;
  /** Left out: the restore point has one claim only. */
  readonly claim?: string;
  /** Within the volume, without a slash at the beginning; empty: all of it. */
  readonly path: string;
}

export interface PodLocation {
  /** `pod` is the name of a pod. */
  readonly of: Pick<Target, 'kind' | 'name'> | { readonly pod: string };
  /** Absolute, in the container. */
  readonly path: string;
}

/** A session's name, or a time: only a time contains colons. */
const point = String.raw`[^:]*T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?|[^:]+`;
const pattern = new RegExp(`^([^/:@.~][^/:@]*/[^/:@]+)(?:@(${point}))?:(?:([^/:]+)(?::|$))?(/.*)?$`, 's');

/** `TYPE/NAME[@SESSION]:[CLAIM:]PATH`. Throws 'usage'. */
export function parsePointLocation(word: string): PointLocation {
  const [, object, from, claim, path] = pattern.exec(word) ?? [];
  if (object === undefined || (claim === undefined && path === undefined))
    throw usage(
      `"${word}" names no file in a restore point`,
      'write TYPE/NAME[@SESSION]:[CLAIM:]/PATH: deploy/foo:data:/etc/app.conf',
    );
  if (claim !== undefined && !isObjectName(claim))
    throw usage(`"${claim}" cannot be the name of a claim`, 'write TYPE/NAME:CLAIM:/PATH');
  return {
    target: parseTarget(object),
    ...(from !== undefined && { from }),
    ...(claim !== undefined && { claim }),
    path: claimPath(path ?? '/'),
  };
}

/** Where `cp` writes to: a path of this machine, or `TYPE/NAME:PATH` in a pod. Throws 'usage'. */
export function parseDestination(word: string): PodLocation | { readonly local: string } {
  const [, object = '', from, claim, path] = pattern.exec(word) ?? [];
  if (word === '') throw usage('the destination is empty', 'write . for the working directory');
  if (object === '') return { local: word };
  if (from !== undefined || claim !== undefined || path === undefined)
    throw usage(
      `"${word}" names no path in a running pod`,
      'write TYPE/NAME:/PATH, or ./PATH for a file of this machine whose name contains a colon',
    );
  const [type = '', name = ''] = object.split('/');
  if (!['pod', 'pods', 'po'].includes(type.toLowerCase())) return { of: parseTarget(object), path };
  if (!isObjectName(name)) throw usage(`"${name}" cannot be the name of a pod`, 'kubectl get pods');
  return { of: { pod: name }, path };
}

function usage(message: string, hint: string): StashError {
  return new StashError('usage', message, { hint });
}
