/** Turns the reasons why no answer came into ClusterErrors: one line each, and a hint. */
import { ClusterError, type Parties } from './errors.ts';

/** Returns Node's code of an error, or of its cause. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return errorCode(error.cause);
}

interface Explanation {
  readonly what: string;
  readonly hint: string;
}

const showServer = 'kubectl config view --minify';

const certificateTroubles: Readonly<Record<string, Explanation>> = {
  CERT_HAS_EXPIRED: {
    what: 'the certificate has expired',
    hint: 'renew the certificate of the server, or set the clock of this machine:\ndate -u',
  },
  CERT_NOT_YET_VALID: {
    what: 'the certificate is not valid yet',
    hint: 'set the clock of this machine:\ndate -u',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'the certificate is for another name',
    hint: 'specify the host name in the certificate: --tls-server-name NAME',
  },
};

const unknownAuthority: Explanation = {
  what: 'the certificate is signed by an unknown authority',
  hint: 'specify the authority with --certificate-authority FILE, or fetch a new kubeconfig',
};

const authorityCodes = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

const networkTroubles: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: {
    what: 'connection refused',
    hint: 'is it running, and is this the right context?\nkubectl config current-context',
  },
  ENOTFOUND: { what: 'no such host', hint: `is the VPN up?\n${showServer}` },
  EAI_AGAIN: { what: 'the DNS server does not answer', hint: 'is the network or the VPN up?' },
  ETIMEDOUT: { what: 'timed out', hint: 'is the network or the VPN up?' },
  EHOSTUNREACH: { what: 'no route to host', hint: 'is the network or the VPN up?' },
  ENETUNREACH: { what: 'the network is unreachable', hint: 'is the network or the VPN up?' },
  ECONNRESET: {
    what: 'connection reset',
    hint: 'try again; if the error persists, check for a proxy or firewall in between',
  },
  EPIPE: {
    what: 'connection reset',
    hint: 'try again; if the error persists, check for a proxy or firewall in between',
  },
  EPROTO: { what: 'TLS handshake failed', hint: `http instead of https?\n${showServer}` },
  HPE_INVALID_CONSTANT: { what: 'it does not speak HTTP', hint: `https instead of http?\n${showServer}` },
};

/** Returns true if a retry cannot help because the server's certificate is not trusted. */
export function isCertificateTrouble(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return code in certificateTroubles || authorityCodes.has(code);
}

/** Returns true if the connection was cut, so that the server may not have received the request. */
export function isCutConnection(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Turns an error of node:http, node:tls or a timer into the ClusterError that the port promises. */
export function connectionError(error: unknown, parties: Pick<Parties, 'server'>): ClusterError {
  if (error instanceof ClusterError) return error;
  const code = errorCode(error) ?? '';
  const certificate = certificateTroubles[code] ?? (authorityCodes.has(code) ? unknownAuthority : undefined);
  if (certificate) {
    return new ClusterError('unreachable', `cannot trust server ${parties.server}: ${certificate.what}`, {
      hint: certificate.hint,
      cause: error,
    });
  }
  if (/^ERR_SSL_.*_ALERT_.*(CERTIFICATE|UNKNOWN_CA)/.test(code)) {
    return new ClusterError('unauthorized', `${parties.server} rejected the client certificate`, {
      hint: 'it may have expired: fetch a new kubeconfig, or log in again',
      cause: error,
    });
  }
  const trouble = networkTroubles[code];
  return new ClusterError(
    'unreachable',
    `unreachable server ${parties.server}: ${trouble?.what ?? messageOf(error)}`,
    {
      hint: trouble?.hint ?? showServer,
      cause: error,
    },
  );
}

/** The error for a missed `--request-timeout`, or for `milliseconds` without a byte from the server. */
export function timeoutError(
  milliseconds: number,
  parties: Pick<Parties, 'server'>,
  byFlag: boolean,
): ClusterError {
  return new ClusterError(
    'unreachable',
    `unreachable server ${parties.server}: no answer within ${milliseconds / 1000} s`,
    { hint: byFlag ? 'increase it with --request-timeout' : 'is the network or the VPN up?' },
  );
}

/** The error for a missed `--request-timeout` of a request that has waited for a credential plugin, or for a login. */
export function lateCredentials(milliseconds: number, { user }: Pick<Parties, 'user'>): ClusterError {
  return new ClusterError(
    'unauthorized',
    `cannot get credentials for user "${user}" within ${milliseconds / 1000} s`,
    { hint: 'increase it with --request-timeout' },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
}
