/**
 * Errors about one field, in the real server's words. Each function returns an empty list if the field is
 * valid.
 */
import { isDeepStrictEqual } from 'node:util';

import type { Cause } from './status.ts';

/** Returns an error if a required field is missing. */
export function required(present: unknown, field: string, why?: string): Cause[] {
  const message = why === undefined ? 'Required value' : `Required value: ${why}`;
  return present ? [] : [{ reason: 'FieldValueRequired', field, message }];
}

/** Returns an error that quotes the value, unless `isValid`. */
export function check(isValid: boolean, field: string, value: unknown, why: string): Cause[] {
  const message = `Invalid value: ${JSON.stringify(value ?? null)}: ${why}`;
  return isValid ? [] : [{ reason: 'FieldValueInvalid', field, message }];
}

/** Returns an error if the field must not be set, unless `isAllowed`. */
export function allow(isAllowed: boolean, field: string, why: string): Cause[] {
  return isAllowed ? [] : [{ reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` }];
}

/** Returns one error per unsupported value. */
export function oneOf(field: string, values: readonly unknown[], supported: readonly unknown[]): Cause[] {
  const listed = supported.map((it) => JSON.stringify(it)).join(', ');
  return values
    .filter((value) => !supported.includes(value))
    .map((value) => ({
      reason: 'FieldValueNotSupported',
      field,
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${listed}`,
    }));
}

/** Returns an error if an immutable field has changed. */
export function immutable(field: string, before: unknown, after: unknown): Cause[] {
  return check(isDeepStrictEqual(before, after), field, after, 'field is immutable');
}
