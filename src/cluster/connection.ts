/** How to reach a cluster, and what is known once it is decided. */
import type { Cluster } from './port.ts';

/** kubectl's connection flags, as given; what is left out comes from the kubeconfig. */
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
  /** Milliseconds; 0 or left out: none. */
  readonly requestTimeout?: number | undefined;
}

export interface Connection {
  readonly cluster: Cluster;
  /** `-n`, else the context's, else `default`. */
  readonly namespace: string;
  /** Who asks, for messages: the kubeconfig's user name or the impersonated one. */
  readonly user: string;
}
