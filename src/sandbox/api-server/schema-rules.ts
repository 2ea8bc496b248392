/**
 * Transition rules in a custom kind's schema. Of the rule language CEL, the sandbox implements two
 * expressions: a value is immutable, and a field is required once set. It ignores all other rules.
 */
import { isDeepStrictEqual } from 'node:util';

import type { JsonSchema } from '#src/api/kubernetes.ts';

import { isObject } from './json.ts';
import type { Cause } from './status.ts';

const immutableRule = 'self == oldSelf';
const requiredOnceSetRule = /^!has\(oldSelf\.(\w+)\) \|\| has\(self\.\1\)$/;

/** Returns the rules that the change violates; none if the old or the new value is missing. */
export function brokenRules(schema: JsonSchema, before: unknown, after: unknown, path = ''): Cause[] {
  if (before === undefined || after === undefined) return [];
  const broken = (schema['x-kubernetes-validations'] ?? []).filter(({ rule }) =>
    isBroken(rule, before, after),
  );
  const given = isObject(after) ? '' : `${JSON.stringify(after)}: `;
  const own = broken.map(({ rule, message = `failed rule: ${rule}` }): Cause => {
    return { reason: 'FieldValueInvalid', field: path, message: `Invalid value: ${given}${message}` };
  });
  if (!isObject(before) || !isObject(after)) return own;
  const deeper = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    brokenRules(child, before[name], after[name], path === '' ? name : `${path}.${name}`),
  );
  return [...own, ...deeper];
}

function isBroken(rule: string, before: unknown, after: unknown): boolean {
  if (rule === immutableRule) return !isDeepStrictEqual(before, after);
  const [, field] = requiredOnceSetRule.exec(rule) ?? [];
  if (field === undefined || !isObject(before) || !isObject(after)) return false;
  return before[field] !== undefined && after[field] === undefined;
}
