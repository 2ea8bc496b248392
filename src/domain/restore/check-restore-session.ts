/** Checks a RestoreSession that a user has written into a file. */
import { restoreSessionSchema } from '#src/api/crds/restore-session.ts';
import type { Named } from '#src/api/kubernetes.ts';
import { stashApiVersion } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { noChoice, type Choice } from '#src/domain/finding.ts';
import { checkHook } from '#src/domain/hooks/hooks.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { schemaProblems } from '#src/domain/schema-problems.ts';
import { describeUnknownField, unknownFields } from '#src/domain/unknown-fields.ts';

/** The file's one RestoreSession. `documents`: the parsed YAML documents. A failure 'usage' for the first problem. */
export function checkRestoreSession(
  documents: readonly unknown[],
  file: string,
): Choice<Named<RestoreSession>> {
  const found = documents.filter((document) => document !== null && document !== undefined);
  const [value] = found;
  if (found.length !== 1) {
    return wrong(
      `${file} holds ${found.length === 0 ? 'nothing' : `${found.length} documents`}`,
      'one RestoreSession is expected',
    );
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    return wrong(`${file} holds no object of Kubernetes`, 'one RestoreSession is expected');
  }
  const { apiVersion, kind, metadata } = value as {
    apiVersion?: unknown;
    kind?: unknown;
    metadata?: { name?: unknown };
  };
  if (kind !== 'RestoreSession' || apiVersion !== stashApiVersion) {
    const what = typeof kind === 'string' ? `a ${kind} of ${String(apiVersion)}` : 'of no kind';
    return wrong(
      `${file} is ${what}, not a RestoreSession`,
      `write apiVersion: ${stashApiVersion} and kind: RestoreSession`,
    );
  }
  const [unknown] = unknownFields(value, restoreSessionSchema);
  if (unknown !== undefined)
    return wrong(`${file}: ${describeUnknownField(unknown, restoreSessionSchema)}`, explain);
  const [problem] = schemaProblems(value, restoreSessionSchema);
  if (problem) return wrong(`${file}: ${problem.path} ${problem.message}`, explain);
  const name = metadata?.name;
  if (typeof name !== 'string' || !isObjectName(name)) {
    return wrong(
      `${file}: metadata.name must be the name of the session`,
      'lower-case letters, digits, dashes and dots',
    );
  }
  const session = value as Named<RestoreSession>;
  for (const hook of ['preRestore', 'postRestore'] as const) {
    const given = session.spec.hooks?.[hook];
    const problem = given && checkHook(given);
    if (problem !== undefined) {
      const how = commandLine`kubectl explain restoresession.spec.hooks.${hook}`;
      return wrong(`${file}: spec.hooks.${hook} ${problem}`, how);
    }
  }
  return { value: session };
}

const explain = 'kubectl explain restoresession.spec --recursive';

function wrong(message: string, hint: string): ReturnType<typeof noChoice> {
  return noChoice('usage', message, { hint });
}
