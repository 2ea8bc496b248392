/** Expands the claim templates of a RestoreSession into one template for each claim. */
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { quoted, shortened } from '#src/domain/quoted.ts';
import { defaultClaimsPerSession, wayToMoreClaims } from '#src/domain/spec-limits.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { hasOrdinal, withOrdinal } from '#src/domain/workload/ordinals.ts';

import { withoutNulls } from '#src/domain/nulls.ts';

import { foreignField } from './check-claim-templates.ts';
import { claimProblem } from './claim-problem.ts';

const group = 'snapshot.storage.k8s.io';

const longestPath = 400;

/**
 * The limit for the claims of all ordinals together. A template of 2,000 characters for each of 10,000 ordinals is
 * within it.
 */
const mostCharacters = 20_000_000;

/**
 * Returns one template for each claim, in the session's order: a template with `${POD_ORDINAL}` once for each ordinal
 * from 0 to `target.replicas` - 1 (default 1 replica), any other template once. Throws 'invalid' for the first problem
 * that no executor can work around. `most` is the number of claims that a session may have.
 */
export function expandTemplates(
  session: RestoreSession,
  most = defaultClaimsPerSession,
): VolumeClaimTemplate[] {
  const { driver = 'Restic', target } = session.spec;
  if (driver !== 'VolumeSnapshotter') {
    const absent = session.spec.driver === undefined ? ', the default' : '';
    throw invalid(
      `the driver is ${driver}${absent}`,
      'only snapshots are restored here: write spec.driver: VolumeSnapshotter',
    );
  }
  const given = (target?.volumeClaimTemplates ?? []).map(filled);
  const spec = { ...session.spec, target: { ...target, volumeClaimTemplates: given } };
  const foreign = foreignField({ ...session, spec });
  if (foreign) throw invalid(`${shortened(foreign.field, longestPath)} ${foreign.why}`, 'leave it out');
  const replicas = target?.replicas ?? 1;
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw invalid(`spec.target.replicas is ${replicas}`, 'write how many ordinals there are, at least 1');
  }
  if (given.length === 0) {
    throw invalid(
      'there are no spec.target.volumeClaimTemplates',
      'add one for each claim, with a dataSource that names its VolumeSnapshot',
    );
  }
  const templates = given.map(checkedTemplate);
  const counted = templates.map((template) => ({ template, count: hasOrdinal(template) ? replicas : 1 }));
  checkSize(counted, most);
  const expanded = counted.flatMap(({ template, count }) =>
    Array.from({ length: count }, (_, ordinal) => withOrdinal(template, ordinal)),
  );
  checkNames(expanded);
  return expanded;
}

/**
 * The CRD requires neither field of a template, keeps nulls in fields that it does not know, and allows a number as a
 * quantity.
 */
function filled(template: Partial<VolumeClaimTemplate>): VolumeClaimTemplate {
  const { metadata = {}, spec = {}, ...rest } = withoutNulls(template);
  const { requests } = spec.resources ?? {};
  const storage: string | number | undefined = requests?.storage;
  if (typeof storage !== 'number') return { ...rest, metadata, spec };
  const resources = { ...spec.resources, requests: { ...requests, storage: String(storage) } };
  return { ...rest, metadata, spec: { ...spec, resources } };
}

/**
 * Called before anything is built: a few characters of a session may ask for billions of claims, or for gigabytes of
 * templates.
 */
function checkSize(
  counted: readonly { readonly template: VolumeClaimTemplate; readonly count: number }[],
  most: number,
): void {
  const claims = counted.reduce((sum, { count }) => sum + count, 0);
  if (claims > most) {
    throw invalid(
      `the session has ${claims} claims, and the limit is ${most}`,
      ['split it into several sessions', wayToMoreClaims(claims)]
        .filter((way) => way !== undefined)
        .join(', or '),
    );
  }
  const characters = counted.reduce(
    (sum, { template, count }) => sum + (count > 1 ? count * JSON.stringify(template).length : 0),
    0,
  );
  if (characters > mostCharacters) {
    throw invalid(
      `the templates stand for ${characters} characters, and the limit is ${mostCharacters}`,
      'write shorter labels and annotations into the templates with ${POD_ORDINAL}',
    );
  }
}

/** Returns the template with its snapshot as the dataSource. */
function checkedTemplate(template: VolumeClaimTemplate, index: number): VolumeClaimTemplate {
  const { metadata, spec } = template;
  const where =
    metadata.name === undefined
      ? `volumeClaimTemplates[${index}]`
      : `claim template ${shortened(metadata.name)}`;
  const example = `write dataSource: {apiGroup: ${group}, kind: VolumeSnapshot, name: NAME}`;
  const { dataSource, dataSourceRef, ...others } = spec;
  const source = dataSource ?? dataSourceRef;
  if (metadata.name === undefined)
    throw invalid(`${where} has no metadata.name`, 'write the name that the claim shall have');
  if (!source) throw invalid(`${where} has no spec.dataSource: it would be an empty volume`, example);
  const { apiGroup, kind, name } = source;
  if (kind !== 'VolumeSnapshot' || apiGroup !== group) {
    const what = `${shortened(kind)} of ${apiGroup === undefined ? 'no apiGroup' : `apiGroup ${shortened(apiGroup)}`}`;
    const field = dataSource ? 'dataSource' : 'dataSourceRef';
    throw invalid(
      `the ${field} of ${where} is a ${what}, not a VolumeSnapshot of apiGroup ${group}`,
      example.replace('dataSource', field),
    );
  }
  const problem = claimProblem(others);
  if (problem !== undefined) throw invalid(`${where} has ${problem.what}`, problem.hint);
  return { ...template, spec: { ...others, dataSource: { apiGroup, kind, name } } };
}

function checkNames(templates: readonly VolumeClaimTemplate[]): void {
  const seen = new Set<string>();
  for (const { metadata, spec } of templates) {
    for (const name of [metadata.name ?? '', spec.dataSource?.name ?? '']) {
      if (!isObjectName(name)) {
        throw invalid(
          `${quoted(name)} cannot be the name of an object`,
          'write lower-case letters, digits, dashes and dots',
        );
      }
    }
    const name = metadata.name ?? '';
    if (seen.has(name)) {
      throw invalid(
        `two claims would be named ${name}`,
        'give each template its own name, with ${POD_ORDINAL} in it where it makes several claims',
      );
    }
    seen.add(name);
  }
}

function invalid(message: string, hint: string): StashError {
  return new StashError('invalid', message, { hint });
}
