/** All files of the chart that are printed from the code. */
import { dump } from 'js-yaml';

import { podLabels, httpPort } from '#src/domain/install/options.ts';
import { operatorName } from '#src/api/operator.ts';

import { dashboard } from './dashboard.ts';
import { definitionsTemplate, templatesFor } from './templates.ts';
import { values, type Value } from './values.ts';

/** Returns the content of each file by its path in the chart. `number`: `0.1.0`. */
export function chartFiles(number: string): ReadonlyMap<string, string> {
  const version = `v${number}`;
  const templates = new Map([
    ['crds.yaml', definitionsTemplate()],
    ...templatesFor(version),
    ['podmonitor.yaml', podMonitor],
    ['prometheusrule.yaml', prometheusRule],
    ['dashboard.yaml', dashboardTemplate],
    ['checks.yaml', checks],
    ['_image.tpl', image],
  ]);
  return new Map([
    ['Chart.yaml', chart(number)],
    ['values.yaml', valuesFile()],
    ['values.schema.json', `${JSON.stringify(schema(), null, 2)}\n`],
    [dashboardFile, `${JSON.stringify(dashboard(), null, 2)}\n`],
    ...[...templates].map(([file, text]) => [`templates/${file}`, `${head}${text}`] as const),
  ]);
}

/** The rows of a Markdown table: value, default, description. */
export function valuesTable(): readonly string[] {
  return values.map((value) => {
    const standard = value.default === undefined ? '' : `\`${JSON.stringify(value.default)}\``;
    return `| \`${value.path}\` | ${standard} | ${value.description} |`;
  });
}

const head = '{{- /* Printed by `npm run chart`: change cmd/chart or src/domain/install instead. */ -}}\n';

function chart(number: string): string {
  return dump(
    {
      apiVersion: 'v2',
      name: 'kubectl-stash',
      description:
        'The operator of kubectl-stash: VolumeSnapshots of workloads, by schedule, with hooks and retention.',
      type: 'application',
      version: number,
      appVersion: `v${number}`,
      home: 'https://github.com/kubectl-stash/kubectl-stash',
      keywords: ['backup', 'csi', 'snapshot', 'stash'],
    },
    { lineWidth: -1 },
  );
}

interface Tree {
  readonly [name: string]: Tree | Value;
}

function isValue(node: Tree | Value): node is Value {
  return 'schema' in node && 'path' in node;
}

function treeOf(all: readonly (readonly [readonly string[], Value])[]): Tree {
  const byName = Map.groupBy(all, ([[name = '']]) => name);
  return Object.fromEntries(
    [...byName].map(([name, under]): [string, Tree | Value] => {
      const [[path, value] = []] = under;
      if (path?.length === 1 && value) return [name, value];
      return [name, treeOf(under.map(([[, ...rest], each]) => [rest, each]))];
    }),
  );
}

const tree = treeOf(values.map((value) => [value.path.split('.'), value]));

function valuesFile(): string {
  return `# Printed by \`npm run chart\` from cmd/chart/values.ts. \`kubectl stash install --help\` has the same settings.\n${linesOf(tree, '').join('\n')}\n`;
}

function linesOf(node: Tree, indent: string): string[] {
  return Object.entries(node).flatMap(([name, each]) => {
    if (!isValue(each)) return [`${indent}${name}:`, ...linesOf(each, `${indent}  `)];
    const comment = `${indent}# ${each.description}`;
    if (each.default === undefined) return [comment, `${indent}# ${name}:`];
    const printed = dump({ [name]: each.default }, { lineWidth: -1 })
      .trimEnd()
      .split('\n');
    return [comment, ...printed.map((line) => indent + line)];
  });
}

function schema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...schemaOf(tree),
    // As `install` does, which refuses the flag.
    if: { required: ['sessionsAtOnce'] },
    then: { properties: { runSessions: { const: 'in-process' } } },
  };
}

function schemaOf(node: Tree): { readonly [name: string]: unknown; readonly properties: object } {
  const properties = Object.entries(node).map(([name, each]): [string, object] => [
    name,
    isValue(each) ? { description: each.description, ...each.schema } : schemaOf(each),
  ]);
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(properties),
      // Helm hands these down to a chart that is part of another one.
      ...(node === tree && { global: { type: 'object' } }),
    },
  };
}

const image = `{{- define "kubectl-stash.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}
`;

/** As `install`, which refuses to install beside AppsCode's operator. */
const checks = `{{- range .Capabilities.APIVersions }}
{{- if hasPrefix "admission.stash.appscode.com/" . }}
{{- fail "AppsCode's Stash operator runs in this cluster; both would carry out the same sessions" }}
{{- end }}
{{- end }}
`;

const selector = Object.entries(podLabels).map(([name, value]) => `      ${name}: ${value}`);

const labelsFor = (name: string) =>
  [
    `  name: ${name}`,
    '  namespace: {{ $.Release.Namespace | quote }}',
    '  labels:',
    ...Object.entries(podLabels).map(([name, value]) => `    ${name}: ${value}`),
    '    {{- with $.Values.extraLabels }}',
    '    {{- toYaml . | nindent 4 }}',
    '    {{- end }}',
    '    {{- with .labels }}',
    '    {{- toYaml . | nindent 4 }}',
    '    {{- end }}',
  ].join('\n');

interface Optional {
  /** The value that has `enabled` and `labels`. */
  readonly value: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** The lines after the metadata. */
  readonly content: string;
}

/** A template of an object that a value switches on. */
function optional({ value, apiVersion, kind, name, content }: Optional): string {
  return `{{- with .Values.${value} }}
{{- if .enabled }}
apiVersion: ${apiVersion}
kind: ${kind}
metadata:
${labelsFor(name)}
${content}
{{- end }}
{{- end }}
`;
}

const podMonitor = optional({
  ...{ value: 'podMonitor', apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor', name: operatorName },
  content: `spec:
  selector:
    matchLabels:
${selector.join('\n')}
  podMetricsEndpoints:
    - port: ${httpPort.name}`,
});

const prometheusRule = optional({
  ...{ value: 'prometheusRule', apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' },
  name: operatorName,
  content: `spec:
  {{- $.Files.Get "alerts.yaml" | nindent 2 }}`,
});

const dashboardFile = 'dashboards/kubectl-stash.json';

const dashboardTemplate = optional({
  ...{ value: 'dashboard', apiVersion: 'v1', kind: 'ConfigMap', name: 'kubectl-stash-dashboard' },
  content: `data:
  kubectl-stash.json: |-
    {{- $.Files.Get "${dashboardFile}" | nindent 4 }}`,
});
