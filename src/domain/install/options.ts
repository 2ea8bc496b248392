/** What can be chosen when the operator is installed, and what all of its objects have in common. */
import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { Component, RunSessions } from '#src/api/operator.ts';
import type { Resource } from '#src/api/resources.ts';

export interface InstallOptions {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly runSessions: RunSessions;
  /** How long an application may stay quiesced; left out, as the next two: the operator's own default. */
  readonly maxFreezeMs?: number | undefined;
  /** Of the sessions that it carries out in-process. */
  readonly sessionsAtOnce?: number | undefined;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | undefined;
  /** Of this program: `v0.1.0`. */
  readonly version: string;
}

/** One object, and where it lives in the API. */
export interface Manifest {
  readonly resource: Resource;
  readonly object: Named<KubernetesObject>;
}

export const httpPort = { name: 'http', port: 8080 } as const;

const component: Component = 'operator';

/** They name the operator's pods, and never change: a Deployment's selector cannot. */
export const podLabels: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'kubectl-stash',
  [label.component]: component,
};

export function objectLabels({ version }: Pick<InstallOptions, 'version'>): Record<string, string> {
  return { ...podLabels, 'app.kubernetes.io/version': version, [label.managedBy]: managedBy };
}
