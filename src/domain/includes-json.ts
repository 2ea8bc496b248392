/** Compares JSON values. */

/** Whether `present` contains `wanted`: fields by name, list items in their order. `present` may have more. */
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
