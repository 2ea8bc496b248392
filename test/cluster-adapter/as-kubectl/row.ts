/** A row of the table: what both programs are given, and what they do. */
import type { Front } from './front.ts';
import type { Proxies } from './proxies.ts';

export interface Stage {
  readonly front: Front;
  readonly proxies: Proxies;
  /** The working directory of both programs, with the files of the row. */
  readonly directory: string;
}

export interface Given {
  /** `config` in the working directory; by default the usual kubeconfig. An object is written as JSON. */
  readonly kubeconfig?: object | string | Buffer;
  /** By path from the working directory. Files that end in `.sh` can be run. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Default: KUBECONFIG names `config`. An empty string removes a variable. */
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** A file with a RestoreSession, which kubectl creates and we carry out, both with --dry-run=server. */
  readonly object?: string | Buffer;
  readonly stdin?: string;
  /** Whether both have a terminal, at which a user types `stdin`. */
  readonly terminal?: boolean;
  /** Directories of the row that stand in the place of others, by the other's path. */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** Only what differs from the usual: token T, namespace team, no certificate, no proxy. */
export interface Reached {
  /** `none` for a request without the header. */
  readonly authorization?: string;
  readonly impersonate?: readonly string[];
  readonly certificate?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly through?: string;
  /** What the credential plugin wrote into the file `plugin`. */
  readonly plugin?: unknown;
}

/** `refused`: the program fails, and no request reaches the server. `templates`: what it makes of the file. */
export type Outcome = 'refused' | Reached | { readonly templates: unknown; readonly port?: unknown };

export interface Row {
  readonly name: string;
  readonly given: (stage: Stage) => Given;
  readonly outcome: Outcome;
  /** A program of Linux that the row needs: `unshare` for mounts, `script` for a terminal. */
  readonly needs?: 'unshare' | 'script';
  /** Both programs print it. */
  readonly says?: RegExp;
  /** Where we differ on purpose. */
  readonly ours?: { readonly outcome: Outcome; readonly because: string };
}

export interface Changes {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
  readonly top?: object;
}

/** The usual kubeconfig; a value of undefined leaves a field out. */
export function kubeconfig({ front }: Stage, changes: Changes = {}) {
  const cluster = {
    server: front.url,
    'certificate-authority-data': Buffer.from(front.authority.cert).toString('base64'),
    ...changes.cluster,
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'cluster', cluster }],
    users: [{ name: 'jane', user: changes.user ?? { token: 'T' } }],
    contexts: [
      { name: 'c', context: { cluster: 'cluster', user: 'jane', namespace: 'team', ...changes.context } },
    ],
    ...changes.top,
  };
}
