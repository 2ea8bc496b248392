/** LimitRanges: refuses a claim whose size is out of range. Limits of pods and containers are not enforced. */
import { limitRanges, persistentVolumeClaims } from '#src/api/resources.ts';
import { canonicalQuantity, parseQuantity } from '#src/sandbox/quantity.ts';

import { listAt, objectAt } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import type { ApiObject } from './object.ts';
import { forbidden } from './status.ts';
import type { Store } from './store.ts';

/** Throws Forbidden if a LimitRange of the namespace does not admit the claim. */
export function refuseBeyondLimits(store: Store, kind: Kind, object: ApiObject): void {
  if (collectionOf(kind) !== collectionOf(persistentVolumeClaims)) return;
  const { namespace, name = '' } = object.metadata;
  const request = objectAt(object, 'spec', 'resources', 'requests')['storage'];
  const size = parseQuantity(request) ?? 0;
  const ranges = store.list(collectionOf(limitRanges), namespace);
  for (const limits of ranges.flatMap((range) => listAt(range, 'spec', 'limits'))) {
    if (objectAt(limits)['type'] !== 'PersistentVolumeClaim') continue;
    const least = objectAt(limits, 'min')['storage'];
    const most = objectAt(limits, 'max')['storage'];
    const refuse = (which: string, limit: unknown) => {
      const [limited, requested] = [canonicalQuantity(limit), canonicalQuantity(request)];
      const why = `${which} storage usage per PersistentVolumeClaim is ${limited}, but request is ${requested}`;
      return forbidden(kind, name, why);
    };
    if (size < (parseQuantity(least) ?? 0)) throw refuse('minimum', least);
    if (size > (parseQuantity(most) ?? Infinity)) throw refuse('maximum', most);
  }
}
