/** Checks a RestoreSession that a user has written into a file. */
import { restoreSessionSchema } from '#src/api/crds/restore-session.ts';
import type { Named } from '#src/api/kubernetes.ts';
import { stashApiVersion } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { checkHook } from '#src/domain/hooks/hooks.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { schemaProblems } from '#src/domain/schema-problems.ts';
import { describeUnknownField, unknownFields } from '#src/domain/unknown-fields.ts';

/** The file's one RestoreSession. `documents`: the parsed YAML documents. Throws 'usage' for the first problem. */
export function checkRestoreSession(documents: readonly unknown[], file: string): Named<RestoreSession> {
  const found = documents.filter((document) => document !== null && document !== undefined);
  const [value] = found;
  if (found.length !== 1) {
    throw wrong(
      `${file} holds ${found.length === 0 ? 'nothing' : `${found.length} documents`}`,
      'one RestoreSession is expected',
    );
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw wrong(`${file} holds no object of Kubernetes`, 'one RestoreSession is expected');
  }
  const { apiVersion, kind, metadata } = value as {
    apiVersion?: unknown;
    kind?: unknown;
    metadata?: { name?: unknown };
  };
  if (kind !== 'RestoreSession' || apiVersion !== stashApiVersion) {
    const what = typeof kind === 'string' ? `a ${kind} of ${String(apiVersion)}` : 'of no kind';
    throw wrong(
      `${file} is ${what}, not a RestoreSession`,
      `write apiVersion: ${stashApiVersion} and kind: RestoreSession`,
    );
  }
  const [unknown] = unknownFields(value, restoreSessionSchema);
  if (unknown !== undefined)
    throw wrong(`${file}: ${describeUnknownField(unknown, restoreSessionSchema)}`, explain);
  const [problem] = schemaProblems(value, restoreSessionSchema);
  if (problem) throw wrong(`${file}: ${problem.path} ${problem.message}`, explain);
  const name = metadata?.name;
  if (typeof name !== 'string' || !isObjectName(name)) {
    throw wrong(
      `${file}: metadata.name must be the name of the session`,
      'lower-case letters, digits, dashes and dots',
    );
  }
  const session = value as Named<RestoreSession>;
  for (const hook of ['preRestore', 'postRestore'] as const) {
    const given = session.spec.hooks?.[hook];
    const problem = given && checkHook(given);
    if (problem !== undefined) {
      const how = `kubectl explain restoresession.spec.hooks.${hook}`;
      throw wrong(`${file}: spec.hooks.${hook} ${problem}`, how);
    }
  }
  return session;
}

const explain = 'kubectl explain restoresession.spec --recursive';

function wrong(message: string, hint: string): StashError {
  return new StashError('usage', message, { hint });
}
