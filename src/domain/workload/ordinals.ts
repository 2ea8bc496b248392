/** `${POD_ORDINAL}` in the claim templates of a RestoreSession. */
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

const variable = /\$\{([^}]*)\}/g;
const ordinalVariable = '${POD_ORDINAL}';

/** Whether it stands in any of the places that `withOrdinal` replaces. */
export function hasOrdinal(template: VolumeClaimTemplate): boolean {
  let found = false;
  mapTexts(template, (text) => {
    found ||= text.includes(ordinalVariable);
    return text;
  });
  return found;
}

/**
 * The template for one ordinal: the variable is replaced in the claim's name, its labels' values and the snapshot's
 * name. Throws a StashError `invalid` for any other variable there.
 */
export function withOrdinal(template: VolumeClaimTemplate, ordinal: number): VolumeClaimTemplate {
  return mapTexts(template, (text, field) =>
    text.replaceAll(variable, (whole) => {
      if (whole === ordinalVariable) return String(ordinal);
      throw new StashError('invalid', `unknown variable ${whole} in ${field} "${text}"`, {
        hint: `write the value itself, or ${ordinalVariable}, the only variable there is`,
      });
    }),
  );
}

function mapTexts(
  template: VolumeClaimTemplate,
  map: (text: string, field: string) => string,
): VolumeClaimTemplate {
  const { metadata, spec } = template;
  const { name, labels } = metadata;
  return {
    ...template,
    metadata: {
      ...metadata,
      ...(name !== undefined && { name: map(name, 'metadata.name') }),
      ...(labels && {
        labels: Object.fromEntries(
          Object.entries(labels).map(([key, value]) => [key, map(value, `metadata.labels.${key}`)]),
        ),
      }),
    },
    spec: {
      ...spec,
      ...(spec.dataSource && {
        dataSource: { ...spec.dataSource, name: map(spec.dataSource.name, 'dataSource.name') },
      }),
    },
  };
}
