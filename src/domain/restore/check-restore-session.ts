/** Checks a RestoreSession that a user has written into a file. */
import { restoreSessionSchema } from '#src/api/crds/restore-session.ts';
import type { JsonSchema, Named } from '#src/api/kubernetes.ts';
import { annotation, stashApiVersion } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { noChoice, type Choice } from '#src/domain/finding.ts';
import { checkHook } from '#src/domain/hooks/hooks.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { prunedNulls, withoutNulls } from '#src/domain/nulls.ts';
import { isInPlace } from '#src/domain/session/in-place.ts';
import { schemaProblems, type SchemaProblem } from '#src/domain/schema-problems.ts';
import { describeUnknownField, unknownFields } from '#src/domain/unknown-fields.ts';

/** The file's one RestoreSession. `documents`: the parsed YAML documents. A failure 'usage' for the first problem. */
export function checkRestoreSession(
  documents: readonly unknown[],
  file: string,
): Choice<Named<RestoreSession>> {
  const found = documents.flatMap(itemsOf);
  const [value] = found;
  if (found.length !== 1) {
    return wrong(
      `${file} holds ${found.length === 0 ? 'nothing' : `${found.length} documents`}`,
      'one RestoreSession is expected',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return wrong(`${file} holds no object of Kubernetes`, 'one RestoreSession is expected');
  }
  const { apiVersion, kind } = value as Record<string, unknown>;
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
  const [problem] = [...schemaProblems(value, restoreSessionSchema), ...metadataProblems(value)];
  if (problem) return wrong(`${file}: ${problem.path} ${problem.message}`, explain);
  const session = present(value);
  if (!isObjectName(session.metadata.name)) {
    return wrong(
      `${file}: metadata.name must be the name of the session`,
      'lower-case letters, digits, dashes and dots',
    );
  }
  if (isInPlace(session)) {
    return wrong(`${file}: annotation ${annotation.inPlace} is for restores in place only`, 'leave it out');
  }
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

/** The objects of a document: a List is what it contains, as for kubectl. */
function itemsOf(document: unknown): unknown[] {
  if (document === null || document === undefined) return [];
  const { kind, items } = document as { kind?: unknown; items?: unknown };
  return (kind === 'List' || kind === 'RestoreSessionList') && Array.isArray(items) ? items : [document];
}

/** The definition says nothing of `metadata`. */
function metadataProblems(session: object): SchemaProblem[] {
  const named: JsonSchema = { type: 'string' };
  const texts: JsonSchema = { type: 'object', additionalProperties: named };
  const properties = {
    name: named,
    generateName: named,
    namespace: named,
    labels: texts,
    annotations: texts,
  };
  return schemaProblems(session, { properties: { metadata: { type: 'object', properties } } });
}

/** The session as the API server would store it: null, and an empty namespace, mean that the field is absent. */
function present(value: object): Named<RestoreSession> {
  const { metadata, spec, ...rest } = prunedNulls(value, restoreSessionSchema) as Partial<RestoreSession>;
  const { name = '', generateName = '', namespace = '', ...others } = withoutNulls(metadata ?? {});
  const named = {
    name: name === '' && generateName !== '' ? generated(generateName) : name,
    ...(namespace !== '' && { namespace }),
    ...others,
  };
  return { ...rest, metadata: named, spec: spec ?? {} } as Named<RestoreSession>;
}

/** As the API server makes names: the prefix and five characters, not longer than a label's value. */
function generated(prefix: string): string {
  return `${prefix.slice(0, 58)}${crypto.randomUUID().slice(0, 5)}`;
}

const explain = 'kubectl explain restoresession.spec --recursive';

function wrong(message: string, hint: string): ReturnType<typeof noChoice> {
  return noChoice('usage', message, { hint });
}
