/** The chart's templates: what `install -o yaml` prints, with values in place of its flags. */
import { stashCrds } from '#src/api/crds/index.ts';
import type { Workload } from '#src/api/kubernetes.ts';
import { deployments, roleBindings, roles, type Resource } from '#src/api/resources.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import { podLabels, type InstallOptions, type Manifest } from '#src/domain/install/options.ts';

import { mergeLines } from './merge-lines.ts';
import { Placeholders } from './placeholders.ts';

/** A value that changes which objects there are, or more of them than one word. */
interface Switch {
  readonly condition: string;
  readonly off: Partial<InstallOptions>;
  readonly on: Partial<InstallOptions>;
}

const watched = '$.Values.watchNamespaces | sortAlpha';

/** Returns the templates by file name. `version`: `v0.1.0`. */
export function templatesFor(version: string): ReadonlyMap<string, string> {
  const placeholders = new Placeholders();
  const namespace = placeholders.value('. | quote');
  const home = placeholders.value('$.Release.Namespace | quote');
  const options: InstallOptions = {
    ...{ namespace: home, image: '', replicas: 1, runSessions: 'in-jobs', version },
    // Each of these flags is printed; `argumentFor` makes it depend on its value.
    ...{ maxFreezeMs: 1, sessionsAtOnce: 1, claimsPerSession: 1, logLevel: 'info' },
  };
  const watching: Switch = {
    condition: '$.Values.watchNamespaces',
    off: {},
    on: { watchNamespaces: [namespace] },
  };
  const others: readonly Switch[] = [
    {
      condition: 'eq $.Values.runSessions "in-process"',
      off: {},
      on: { runSessions: 'in-process' },
    },
    { condition: 'gt (int $.Values.replicas) 1', off: {}, on: { replicas: 2 } },
    { condition: '$.Values.coverageMetrics', off: {}, on: { coverageMetrics: true } },
  ];

  const printed = (manifest: Manifest) =>
    placeholders.print(parameterized(manifest, placeholders, namespace));
  const linesOf = (key: string, switches: readonly Switch[], chosen: InstallOptions): readonly string[] => {
    const [first, ...rest] = switches;
    if (first) {
      const off = linesOf(key, rest, { ...chosen, ...first.off });
      return mergeLines(first.condition, off, linesOf(key, rest, { ...chosen, ...first.on }));
    }
    const found = operatorManifests(chosen).find((manifest) => keyOf(manifest) === key);
    return found ? printed(found) : [];
  };

  const documents = new Map<string, string[]>();
  for (const [key, { resource, object }] of allOf(options, [watching, ...others])) {
    if (resource.kind === 'Namespace') continue;
    const inWatched = object.metadata.namespace === namespace;
    const lines = inWatched
      ? linesOf(key, others, { ...options, ...watching.on })
      : linesOf(key, [watching, ...others], options);
    const resolved = placeholders.resolve(lines).join('\n');
    const document = inWatched ? `{{- range ${watched} }}\n---\n${resolved}\n{{- end }}` : `---\n${resolved}`;
    const file = `${resource.plural}.yaml`;
    documents.set(file, [...(documents.get(file) ?? []), document]);
  }
  return new Map([...documents].map(([file, all]) => [file, `${all.join('\n')}\n`]));
}

/** The CustomResourceDefinitions, which Helm keeps when it uninstalls the chart: their objects would go with them. */
export function definitionsTemplate(): string {
  const placeholders = new Placeholders();
  const documents = stashCrds.map((definition) => {
    const { metadata } = definition;
    const kept = {
      ...definition,
      metadata: {
        ...metadata,
        // By this label, the program tells the definitions of the chart from those of AppsCode's chart.
        labels: withExtraLabels(
          { ...metadata.labels, [nameLabel]: podLabels[nameLabel] ?? '' },
          placeholders,
        ),
        annotations: { ...metadata.annotations, 'helm.sh/resource-policy': 'keep' },
      },
    };
    return `---\n${placeholders.resolve(placeholders.print(kept)).join('\n')}`;
  });
  return `{{- if .Values.crds.install }}\n${documents.join('\n')}\n{{- end }}\n`;
}

const nameLabel = 'app.kubernetes.io/name';

function keyOf({ resource, object: { metadata } }: Manifest): string {
  return [resource.plural, metadata.namespace ?? '', metadata.name].join('/');
}

/** Every object of any choice, in the order of an installation. */
function allOf(options: InstallOptions, switches: readonly Switch[]): ReadonlyMap<string, Manifest> {
  const [first, ...rest] = switches;
  if (!first) return new Map(operatorManifests(options).map((manifest) => [keyOf(manifest), manifest]));
  return new Map([...allOf({ ...options, ...first.off }, rest), ...allOf({ ...options, ...first.on }, rest)]);
}

function parameterized(
  { resource, object }: Manifest,
  placeholders: Placeholders,
  namespace: string,
): object {
  const labelled = {
    ...object,
    metadata: { ...object.metadata, labels: withExtraLabels(object.metadata.labels, placeholders) },
  };
  if (resource === deployments) return parameterizedDeployment(labelled as Workload, placeholders);
  return isIn(resource, object, namespace) ? labelled : forEachNamespace(labelled, placeholders, namespace);
}

function isIn(resource: Resource, { metadata }: Manifest['object'], namespace: string): boolean {
  return (resource === roles || resource === roleBindings) && metadata.namespace === namespace;
}

/** An element of an array that names a watched namespace is repeated for each. */
function forEachNamespace(value: object, placeholders: Placeholders, namespace: string): object {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) => {
    if (!Array.isArray(each)) return each;
    return each.map((element: unknown) => {
      if (!JSON.stringify(element).includes(namespace)) return element;
      return placeholders.lines((indent) => [
        `{{- range ${watched} }}`,
        ...placeholders.print([element]).map((line) => ' '.repeat(indent) + line),
        '{{- end }}',
      ]);
    });
  }) as object;
}

function withExtraLabels(
  labels: Readonly<Record<string, string>> | undefined,
  placeholders: Placeholders,
): object {
  const extra = placeholders.lines((indent) => [
    '{{- with $.Values.extraLabels }}',
    `{{- toYaml . | nindent ${indent} }}`,
    '{{- end }}',
  ]);
  return { ...labels, [extra]: null };
}

function parameterizedDeployment(deployment: Workload, placeholders: Placeholders): object {
  const { spec } = deployment;
  const { template } = spec;
  const priorityClass = placeholders.lines((indent) => [
    '{{- with $.Values.priorityClassName }}',
    `${' '.repeat(indent)}priorityClassName: {{ . | quote }}`,
    '{{- end }}',
  ]);
  const resources = placeholders.lines((indent) => [
    '{{- with $.Values.resources }}',
    `${' '.repeat(indent)}resources:`,
    `{{- toYaml . | nindent ${indent + 2} }}`,
    '{{- end }}',
  ]);
  return {
    ...deployment,
    spec: {
      ...spec,
      replicas: placeholders.value('int $.Values.replicas'),
      template: {
        ...template,
        metadata: { ...template.metadata, labels: withExtraLabels(template.metadata?.labels, placeholders) },
        spec: {
          [priorityClass]: null,
          ...template.spec,
          containers: template.spec.containers.map((container) => ({
            ...Object.fromEntries(
              Object.entries(container).map(([key, value]: [string, unknown]) =>
                key === 'resources' ? [resources, null] : [key, value],
              ),
            ),
            image: placeholders.value('include "kubectl-stash.image" $ | quote'),
            args: container.args?.map((argument) => argumentFor(argument, placeholders)),
          })),
        },
      },
    },
  };
}

/** What a flag always has. */
const flagValues: Readonly<Record<string, string>> = {
  '--run-sessions': '$.Values.runSessions',
  '--image': 'include "kubectl-stash.image" $',
  '--watch-namespaces': `${watched} | join ","`,
};

/** Flags that are left out without a value. */
const optionalFlags: Readonly<Record<string, string>> = {
  '--max-freeze': '$.Values.maxFreeze',
  '--sessions-at-once': 'int $.Values.sessionsAtOnce',
  '--claims-per-session': 'int $.Values.claimsPerSession',
  '--log-level': '$.Values.logLevel',
};

function argumentFor(argument: string, placeholders: Placeholders): string {
  const [flag = ''] = argument.split('=', 1);
  const value = flagValues[flag];
  if (value !== undefined) return `${flag}=${placeholders.value(value)}`;
  const optional = optionalFlags[flag];
  if (optional === undefined) return argument;
  return placeholders.lines((indent) => [
    `{{- with ${optional} }}`,
    `${' '.repeat(indent)}- ${flag}={{ . }}`,
    '{{- end }}',
  ]);
}
