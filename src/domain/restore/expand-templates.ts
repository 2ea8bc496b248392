/** Expands the claim templates of a RestoreSession into one per claim. */
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { quoted, shortened } from '#src/domain/quoted.ts';
import { defaultClaimsPerSession } from '#src/domain/spec-limits.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { hasOrdinal, withOrdinal } from '#src/domain/workload/ordinals.ts';

import { foreignField } from './check-claim-templates.ts';

const group = 'snapshot.storage.k8s.io';

const longestPath = 400;

/** Of the claims of all ordinals; a template of 2,000 characters for each of 10,000 ordinals is within it. */
const mostCharacters = 20_000_000;

/**
 * One template per claim, in the session's order: a template with `${POD_ORDINAL}` once for each ordinal from 0 to
 * `target.replicas` - 1 (default 1 replica), any other template once. Throws 'invalid' for the first problem that no
 * executor can work around. `most`: the number of claims that a session may have.
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
  const templates = (target?.volumeClaimTemplates ?? []).map(filled);
  const spec = { ...session.spec, target: { ...target, volumeClaimTemplates: templates } };
  const foreign = foreignField({ ...session, spec });
  if (foreign) throw invalid(`${shortened(foreign.field, longestPath)} ${foreign.why}`, 'leave it out');
  const replicas = target?.replicas ?? 1;
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw invalid(`spec.target.replicas is ${replicas}`, 'write how many ordinals there are, at least 1');
  }
  if (templates.length === 0) {
    throw invalid(
      'there are no spec.target.volumeClaimTemplates',
      'add one for each claim, with a dataSource that names its VolumeSnapshot',
    );
  }
  templates.forEach(checkTemplate);
  const counted = templates.map((template) => ({ template, count: hasOrdinal(template) ? replicas : 1 }));
  checkSize(counted, most);
  const expanded = counted.flatMap(({ template, count }) =>
    Array.from({ length: count }, (_, ordinal) => withOrdinal(template, ordinal)),
  );
  checkNames(expanded);
  return expanded;
}

/** The definition requires neither field of a template. */
function filled(template: Partial<VolumeClaimTemplate>): VolumeClaimTemplate {
  return { ...template, metadata: template.metadata ?? {}, spec: template.spec ?? {} };
}

/** Before anything is built: a few characters of a session may ask for billions of claims, or for claims of gigabytes. */
function checkSize(
  counted: readonly { readonly template: VolumeClaimTemplate; readonly count: number }[],
  most: number,
): void {
  const claims = counted.reduce((sum, { count }) => sum + count, 0);
  if (claims > most) {
    throw invalid(
      `the session has ${claims} claims, and the limit is ${most}`,
      'split it into several sessions, or raise --claims-per-session of the operator or of this command',
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

/** The definition of a template requires neither `metadata` nor `spec`. */
function checkTemplate({ metadata = {}, spec = {} }: Partial<VolumeClaimTemplate>, index: number): void {
  const where =
    metadata.name === undefined
      ? `volumeClaimTemplates[${index}]`
      : `claim template ${shortened(metadata.name)}`;
  const example = `write dataSource: {apiGroup: ${group}, kind: VolumeSnapshot, name: NAME}`;
  const { dataSource, accessModes = [] } = spec;
  if (metadata.name === undefined)
    throw invalid(`${where} has no metadata.name`, 'write the name that the claim shall have');
  if (!dataSource) throw invalid(`${where} has no spec.dataSource: it would be an empty volume`, example);
  if (dataSource.kind !== 'VolumeSnapshot' || dataSource.apiGroup !== group) {
    const kind = `${shortened(dataSource.kind)} of ${dataSource.apiGroup === undefined ? 'no apiGroup' : `apiGroup ${shortened(dataSource.apiGroup)}`}`;
    throw invalid(
      `the dataSource of ${where} is a ${kind}, not a VolumeSnapshot of apiGroup ${group}`,
      example,
    );
  }
  if (accessModes.length === 0)
    throw invalid(`${where} has no spec.accessModes`, 'write accessModes: [ReadWriteOnce]');
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
