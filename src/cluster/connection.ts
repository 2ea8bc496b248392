/** How to connect to a cluster: the user's flags, and the connection that results from them. */
import type { Cluster } from './port.ts';

/** kubectl's connection flags as the user gave them; the kubeconfig provides the others. */
export interface ConnectionFlags {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace?: string | undefined;
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly as?: string | undefined;
  readonly asGroup?: readonly string[] | undefined;
  readonly asUid?: string | undefined;
  readonly certificateAuthority?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  /** Milliseconds; 0 or left out: no timeout. */
  readonly requestTimeout?: number | undefined;
}

export interface Connection {
  readonly cluster: Cluster;
  /** `-n`, else the context's, else `default`. */
  readonly namespace: string;
  /** The user for messages: the impersonated user, or the user's name in the kubeconfig. */
  readonly user: string;
}
