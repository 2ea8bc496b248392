/** Flags that every command takes, before or after its name: kubectl's own, and `--help`. */
import { parseDuration } from '#src/domain/duration.ts';
import { StashError } from '#src/errors.ts';
import type { FlagValue, Flags } from './command.ts';
import type { ConnectionFlags } from './context.ts';

export const globalFlags = {
  as: { type: 'string', valueName: 'USER', description: 'User to impersonate.' },
  asGroup: { type: 'string[]', valueName: 'GROUP', description: 'Group to impersonate; may be repeated.' },
  asUid: { type: 'string', valueName: 'UID', description: 'UID to impersonate.' },
  certificateAuthority: {
    type: 'string',
    valueName: 'FILE',
    description: "Certificate of the authority that signed the server's certificate.",
  },
  clientCertificate: { type: 'string', valueName: 'FILE', description: 'Client certificate for TLS.' },
  clientKey: { type: 'string', valueName: 'FILE', description: 'Client key for TLS.' },
  cluster: { type: 'string', valueName: 'NAME', description: 'Cluster of the kubeconfig to use.' },
  context: { type: 'string', valueName: 'NAME', description: 'Context of the kubeconfig to use.' },
  help: { type: 'boolean', alias: 'h', description: 'Help for a command.' },
  insecureSkipTlsVerify: {
    type: 'boolean',
    description: "Do not check the server's certificate. This makes the connection insecure.",
  },
  kubeconfig: { type: 'string', valueName: 'FILE', description: 'Kubeconfig file to read.' },
  namespace: {
    type: 'string',
    alias: 'n',
    valueName: 'NAMESPACE',
    completes: 'namespace',
    description: 'Namespace to work in.',
  },
  requestTimeout: {
    type: 'string',
    valueName: 'DURATION',
    description: 'How long to wait for a response of the server: 30s, or 30 for seconds; 0 means no limit.',
  },
  server: {
    type: 'string',
    alias: 's',
    valueName: 'URL',
    description: 'Address of the Kubernetes API server.',
  },
  tlsServerName: {
    type: 'string',
    valueName: 'NAME',
    description: "Name to expect in the server's certificate, if it is not the host of its address.",
  },
  token: { type: 'string', valueName: 'TOKEN', description: 'Bearer token for the API server.' },
  user: { type: 'string', valueName: 'NAME', description: 'User of the kubeconfig to use.' },
  v: {
    type: 'number',
    alias: 'v',
    minimum: 0,
    valueName: 'LEVEL',
    description: 'Log level; from 6 on, errors are printed with a stack trace.',
  },
} as const satisfies Flags;

export type GlobalFlagValues = {
  readonly [K in keyof typeof globalFlags]: FlagValue<(typeof globalFlags)[K]>;
};

/** Milliseconds; beyond it, a timer of Node would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** As with kubectl, an empty value is the same as no flag. Throws 'usage' for an invalid `--request-timeout`. */
export function connectionFlags({ requestTimeout, ...flags }: GlobalFlagValues): ConnectionFlags {
  const given: ConnectionFlags = Object.fromEntries(
    Object.entries(flags).filter(
      ([name, value]) =>
        name !== 'help' && name !== 'v' && value !== undefined && value !== '' && value !== false,
    ),
  );
  if (requestTimeout === undefined || requestTimeout === '') return given;
  const milliseconds = parseDuration(/^\d+$/.test(requestTimeout) ? `${requestTimeout}s` : requestTimeout);
  if (milliseconds === undefined) {
    throw new StashError('usage', `--request-timeout takes a duration such as 30s, not "${requestTimeout}"`);
  }
  if (milliseconds > longestTimer) {
    throw new StashError(
      'usage',
      `--request-timeout takes a duration of 24 days or less, not "${requestTimeout}"`,
    );
  }
  return { ...given, requestTimeout: milliseconds };
}
