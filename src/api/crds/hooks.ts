/** Commands and requests that run before and after a session. */
import { hookHandlers } from '../hook-handlers.ts';
import type { JsonSchema } from '../kubernetes.ts';
import { choice, object, string } from '../schema.ts';

const fields = {
  containerName: string('Container that an exec hook runs in.'),
  ...Object.fromEntries(Object.entries(hookHandlers).map(([kind, { schema }]) => [kind, schema])),
};

/** A hook that always runs. */
export function hook(description: string): JsonSchema {
  return object(description, fields);
}

/** A hook that runs if the outcome is among those that its policy names. */
export function finalHook(description: string, policies: string[]): JsonSchema {
  return object(description, {
    ...fields,
    executionPolicy: choice('Outcome after which it runs.', policies, 'Always'),
  });
}
