/** The options of an installation, and the labels of all objects of the operator. */
import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { Component, RunSessions } from '#src/api/operator.ts';
import type { Resource } from '#src/api/resources.ts';

/** The limit of `--replicas`. One replica leads, and the others stand by. */
export const mostReplicas = 100;

export interface InstallOptions {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly runSessions: RunSessions;
  /**
   * How long an application may stay quiesced. If this or one of the next three options is left out, the operator's
   * default applies.
   */
  readonly maxFreezeMs?: number | undefined;
  /** With `in-process`: the number of sessions that the operator carries out at the same time. */
  readonly sessionsAtOnce?: number | undefined;
  readonly claimsPerSession?: number | undefined;
  readonly coverageMetrics?: boolean | undefined;
  /** The only namespaces in which the operator works. All by default. */
  readonly watchNamespaces?: readonly string[] | undefined;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | undefined;
  /** Version of this program: `v0.1.0`. */
  readonly version: string;
}

/** An object and its API resource. */
export interface Manifest {
  readonly resource: Resource;
  readonly object: Named<KubernetesObject>;
}

export const httpPort = { name: 'http', port: 8080 } as const;

const component: Component = 'operator';

/** The selector of the operator's pods. It must never change, because a Deployment's selector is immutable. */
export const podLabels: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'kubectl-stash',
  [label.component]: component,
};

export function objectLabels({ version }: Pick<InstallOptions, 'version'>): Record<string, string> {
  return { ...podLabels, 'app.kubernetes.io/version': version, [label.managedBy]: managedBy };
}
