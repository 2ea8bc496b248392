/** New names for restored claims: `--claim data=data-copy`, `--suffix -restored`. */
import { StashError } from '#src/errors.ts';

import { commandLine } from '#src/domain/command-line.ts';
import { nearest } from '#src/domain/nearest.ts';
import { isObjectName } from './object-name.ts';
import { sanitize } from '#src/domain/sanitize.ts';

export interface RenameFlags {
  /** `CLAIM=NEW-NAME` each; takes precedence over the suffix. */
  readonly claim?: readonly string[];
  readonly suffix?: string | undefined;
}

/**
 * Returns a function from the name of a claim to its new name, or to the same name if no flag renames the claim.
 * @throws StashError 'usage' for a malformed flag, an invalid name, or the same new name for two claims; 'not-found'
 *   for a claim that is not in `claims`
 */
export function parseRenames(flags: RenameFlags, claims: readonly string[]): (claim: string) => string {
  const { claim: pairs = [], suffix = '' } = flags;
  const given = new Map<string, string>();
  for (const pair of pairs) {
    const [from = '', to = '', ...more] = pair.split('=');
    if (from === '' || to === '' || more.length > 0) {
      throw usage(
        `--claim ${pair} is not CLAIM=NEW-NAME`,
        `write it as --claim ${claims[0] ?? 'data'}=NEW-NAME`,
      );
    }
    if (!claims.includes(from)) {
      const near = nearest(from, claims);
      throw new StashError('not-found', `--claim ${pair}: there is no claim ${from} to restore`, {
        hint:
          near === undefined
            ? sanitize(`the claims are ${claims.join(', ')}`)
            : `did you mean ${commandLine`--claim ${`${near}=${to}`}`}?`,
      });
    }
    if (given.has(from)) throw usage(`--claim names ${from} twice`, 'give it one new name');
    given.set(from, to);
  }
  const names = new Map(claims.map((claim) => [claim, given.get(claim) ?? `${claim}${suffix}`]));
  const owners = new Map<string, string>();
  for (const [claim, name] of names) {
    if (!isObjectName(name)) {
      throw usage(
        `"${name}" cannot be the name of a claim`,
        'write lower-case letters, digits, dashes and dots, at most 253',
      );
    }
    const other = owners.get(name);
    if (other !== undefined) {
      throw usage(
        `claims ${other} and ${claim} would both be restored as ${name}`,
        'give each a name of its own',
      );
    }
    owners.set(name, claim);
  }
  return (claim) => names.get(claim) ?? claim;
}

function usage(message: string, hint: string): StashError {
  return new StashError('usage', message, { hint });
}
