/** Replaces `${POD_ORDINAL}` in the claim templates of a RestoreSession. */
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { quoted, shortened } from '#src/domain/quoted.ts';

const variable = /\$\{([^}]*)\}/g;
/** The limit before the variable is replaced. `variable` takes quadratic time for a text such as `${${${`. */
const longestText = 1_000;
export const ordinalVariable = '${POD_ORDINAL}';

/** Whether the template uses the variable in a field in which `withOrdinal` replaces it. */
export function hasOrdinal(template: VolumeClaimTemplate): boolean {
  let found = false;
  mapTexts(template, (text) => {
    found ||= text.includes(ordinalVariable);
    return text;
  });
  return found;
}

/**
 * Returns the template for one ordinal: with the variable replaced in the claim's name, the values of its labels and
 * the snapshot's name.
 * @throws StashError 'invalid' for any other variable in these fields, and for a text that no name or label can have
 */
export function withOrdinal(template: VolumeClaimTemplate, ordinal: number): VolumeClaimTemplate {
  return mapTexts(template, (text, field) =>
    checkedText(text, field).replaceAll(variable, (whole) => {
      if (whole === ordinalVariable) return String(ordinal);
      throw new StashError('invalid', `unknown variable ${shortened(whole)} in ${field} ${quoted(text)}`, {
        hint: `write the value itself, or ${ordinalVariable}, the only variable there is`,
      });
    }),
  );
}

function checkedText(text: string, field: string): string {
  if (text.length <= longestText) return text;
  throw new StashError('invalid', `${field} is longer than ${longestText} characters`);
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
          Object.entries(labels).map(([key, value]) => [
            key,
            map(value, `metadata.labels.${shortened(key)}`),
          ]),
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
