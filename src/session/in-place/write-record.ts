import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { formatRecord, type InPlaceRecord } from '#src/domain/in-place/record.ts';
import type { Held } from '#src/session/holding/held.ts';

/** Writes the record of a restore in place onto its RestoreSession. */
export async function writeRecord(held: Held<RestoreSession>, record: InPlaceRecord): Promise<void> {
  await held.annotate({ [annotation.inPlace]: formatRecord(record) });
}
