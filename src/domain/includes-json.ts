/** Whether one JSON value says at least what another says. */

/** Whether all of `wanted` is in `present`: fields of objects by name, items of lists in their order; more may be there. */
export function includesJson(present: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(present)) return false;
    const rest = present.values();
    return wanted.every((item) => rest.some((other) => includesJson(other, item)));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    return (
      typeof present === 'object' &&
      present !== null &&
      Object.entries(wanted).every(([key, value]) =>
        includesJson((present as Record<string, unknown>)[key], value),
      )
    );
  }
  return present === wanted;
}
