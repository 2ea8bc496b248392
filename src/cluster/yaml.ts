/** PURE. Reads YAML and JSON as kubectl does, whose parser knows YAML 1.1 with few changes. */
import {
  CORE_SCHEMA,
  NOT_RESOLVED,
  boolYaml11Tag,
  floatCoreTag,
  intCoreTag,
  loadAll,
  mergeTag,
} from 'js-yaml';

const integer = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** `010` is eight, `1_000` a thousand, `1:30` is text. */
function readInteger(source: string): number | typeof NOT_RESOLVED {
  const found = integer.exec(source.replaceAll('_', ''));
  if (found === null) return NOT_RESOLVED;
  const [, sign, hexadecimal, binary, octal, whole = ''] = found;
  const size =
    hexadecimal !== undefined
      ? Number.parseInt(hexadecimal, 16)
      : binary !== undefined
        ? Number.parseInt(binary, 2)
        : octal !== undefined
          ? Number.parseInt(octal, 8)
          : Number(whole);
  return sign === '-' ? -size : size;
}

function readDecimal(source: string): number | typeof NOT_RESOLVED {
  const plain = source.replaceAll('_', '');
  return decimal.test(plain) ? Number(plain) : NOT_RESOLVED;
}

const schema = CORE_SCHEMA.withTags(
  boolYaml11Tag,
  { ...intCoreTag, resolve: readInteger },
  { ...floatCoreTag, resolve: readDecimal },
  mergeTag,
);

/** All documents. The last of several equal keys counts. Throws js-yaml's YAMLException. */
export function readYaml(text: string): unknown[] {
  return loadAll(text, { schema, json: true });
}
