import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createFairLine } from '#src/operator/fair-line.ts';

interface Item {
  readonly namespace: string;
  readonly id: string;
}

const step = fc.oneof(
  fc.record({
    do: fc.constantFrom('add', 'remove'),
    namespace: fc.constantFrom('a', 'b', 'c'),
    id: fc.nat(5),
  }),
  fc.record({ do: fc.constantFrom('take', 'free') }),
);

test('never exceeds the places, takes turns between namespaces, and within one keeps the order', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      (steps, places, perNamespace) => {
        const line = createFairLine<Item>({ places, perNamespace });
        const waiting: Item[] = [];
        const taken: Item[] = [];
        /** By namespace: how often each other namespace was served while it waited for its turn. */
        const passed = new Map<string, Map<string, number>>();
        const count = (wanted: string) => taken.filter(({ namespace }) => namespace === wanted).length;
        const mayBegin = (item: Item) => taken.length < places && count(item.namespace) < perNamespace;
        for (const one of steps) {
          if ('id' in one) {
            const item = { namespace: one.namespace, id: `${one.namespace}${one.id}` };
            const at = waiting.findIndex(({ id }) => id === item.id);
            if (one.do === 'add') {
              line.add(item.namespace, item.id, item);
              waiting.splice(at < 0 ? waiting.length : at, 1, item);
            } else {
              line.remove(item.namespace, item.id);
              if (at >= 0) waiting.splice(at, 1);
            }
          } else if (one.do === 'free') {
            const item = taken.shift();
            if (item) line.free(item.namespace);
          } else {
            const eligible = waiting.filter(mayBegin);
            const item = line.take();
            assert.equal(item === undefined, eligible.length === 0);
            if (item === undefined) continue;
            const { namespace } = item;
            assert.equal(item.id, eligible.find((it) => it.namespace === namespace)?.id);
            for (const other of new Set(eligible.map((it) => it.namespace))) {
              if (other === namespace) continue;
              const times = passed.get(other) ?? new Map<string, number>();
              passed.set(other, times.set(namespace, (times.get(namespace) ?? 0) + 1));
              assert.ok((times.get(namespace) ?? 0) <= 1, `${namespace} was served twice before ${other}`);
            }
            passed.delete(namespace);
            waiting.splice(waiting.indexOf(item), 1);
            taken.push(item);
          }
          // A namespace with nothing to begin loses its claim to a turn.
          for (const namespace of passed.keys())
            if (!waiting.some((it) => it.namespace === namespace && mayBegin(it))) passed.delete(namespace);
          assert.equal(line.length(), waiting.length);
        }
      },
    ),
  );
});
