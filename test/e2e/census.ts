import { writtenKinds } from '#test/support/written-kinds.ts';

import type { Place } from './place.ts';

/** Kind, name and UID of all that commands can have written in the place. */
export async function census(place: Place): Promise<string[]> {
  const kinds = await Promise.all(
    writtenKinds.map(async (kind) =>
      (await place.list(kind)).map(({ metadata }) => `${kind.kind} ${metadata.name} ${metadata.uid}`),
    ),
  );
  return kinds.flat();
}
