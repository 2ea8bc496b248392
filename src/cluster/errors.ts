/** Turns the API server's failed answers into ClusterErrors: one line each, and a hint. */
import { STATUS_CODES } from 'node:http';

import { customResourceDefinitions, volumeSnapshots } from '#src/api/resources.ts';
import { stashGroup } from '#src/api/labels.ts';
import type { Status } from '#src/api/kubernetes.ts';
import { commandLine, flag, inNamespace } from '#src/domain/command-line.ts';
import { wordsOfPage } from '#src/domain/html-page.ts';
import { StashError, type ErrorKind } from '#src/errors.ts';

import { describeRequest, qualifiedPlural, type ApiRequest, describeObject } from './request.ts';

export interface ClusterErrorDetails {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly reason?: string | undefined;
  readonly code?: number | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** The Status reason of the refusal to create an object in a namespace that is being deleted. */
const namespaceTerminating = 'NamespaceTerminating';

/** The error of every method of the HTTPS adapter. */
export class ClusterError extends StashError {
  /** The Status reason (`NotFound`, `Conflict`, ...); undefined if no answer came. */
  readonly reason: string | undefined;
  /** The HTTP code; undefined if no answer came. */
  readonly code: number | undefined;
  /** How long the server asks the client to wait before the next attempt. */
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorKind, message: string, details: ClusterErrorDetails = {}) {
    super(kind, message, details);
    this.reason = details.reason;
    this.code = details.code;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** Returns true if the server refused a creation because the namespace is being deleted. */
export function isNamespaceGoing(error: unknown): boolean {
  return error instanceof ClusterError && error.reason === namespaceTerminating;
}

/** A failed answer: its HTTP code, and its Status if the body is one, else the body's text. */
export interface Failure {
  readonly code: number;
  readonly status?: Status | undefined;
  readonly text?: string | undefined;
  /** The program that answered, such as `nginx`, from the `Server` header. */
  readonly sender?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** User and server, for messages. */
export interface Parties {
  readonly user: string;
  readonly server: string;
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const kinds: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  406: 'precondition',
  409: 'conflict',
  410: 'gone',
  413: 'invalid',
  422: 'invalid',
};

/** Returns the ClusterError for a failed answer to `request`, as the port promises. */
export function answerError(request: ApiRequest, failure: Failure, parties: Parties): ClusterError {
  const { code, status } = failure;
  const said = oneLine(status?.message ?? failure.text ?? '');
  const details = {
    reason: status?.reason ?? reasons[code],
    code,
    retryAfterSeconds: failure.retryAfterSeconds ?? secondsOf(status?.details?.retryAfterSeconds),
    ...(said !== '' && { cause: new Error(said) }),
  };
  const page = status === undefined ? wordsOfPage(failure.text ?? '') : undefined;
  if (page !== undefined) return pageError(request, failure, page, parties);
  if (code === 401) {
    return new ClusterError(
      'unauthorized',
      `${parties.server} rejected the credentials of ${quotedUser(parties)}: they are expired or invalid`,
      {
        ...details,
        hint: 'log in again, then:\nkubectl auth whoami',
      },
    );
  }
  if (code === 403) return forbidden(request, status, said, parties, details);
  if (code === 404) return notFound(request, status, said, details);
  if (code === 409 && details.reason === 'AlreadyExists') {
    return new ClusterError('already-exists', said || `${describeObject(request)} already exists`, details);
  }
  const kind = kinds[code] ?? 'server';
  if (kind === 'server') {
    const hint =
      code === 429 ? 'the server is busy; try again in a moment' : "kubectl get --raw='/readyz?verbose'";
    return new ClusterError(
      'server',
      `${parties.server} could not ${describeRequest(request)}: ${said || `HTTP ${code}`}`,
      { ...details, hint },
    );
  }
  return new ClusterError(
    kind,
    said || `${parties.server} refused to ${describeRequest(request)}: HTTP ${code}`,
    details,
  );
}

function secondsOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

/**
 * The error for an HTML page: an address or a proxy is wrong, so the message says nothing about the requested
 * object.
 */
export function pageError(
  request: ApiRequest,
  { code, sender, retryAfterSeconds }: Failure,
  page: string,
  parties: Parties,
): ClusterError {
  const by = sender === undefined ? '' : ` (${oneLine(sender)})`;
  const said = page === '' || page === STATUS_CODES[code] ? '' : `: ${oneLine(page)}`;
  return new ClusterError(
    code === 401 ? 'unauthorized' : 'server',
    `cannot ${describeRequest(request)}: ${parties.server} answered with a web page${by}, HTTP ${code}${said}`,
    {
      code,
      reason: reasons[code],
      retryAfterSeconds,
      hint: `a proxy, a login page or another web server answered in place of the API server; check the address:\n${showServer}`,
    },
  );
}

const showServer = 'kubectl config view --minify';

function forbidden(
  request: ApiRequest,
  status: Status | undefined,
  said: string,
  parties: Parties,
  details: ClusterErrorDetails,
): ClusterError {
  const terminating =
    status?.details?.causes?.some((cause) => cause.reason === namespaceTerminating) ?? false;
  if (terminating) {
    return new ClusterError(
      'forbidden',
      `namespace "${request.namespace ?? ''}" is being deleted; nothing can be created in it`,
      {
        ...details,
        reason: namespaceTerminating,
        hint: commandLine`kubectl get namespace ${request.namespace ?? ''}`,
      },
    );
  }
  const plural = qualifiedPlural(request);
  // Quotas, admission and pod security answer 403 too; speaking of missing rights would mislead there. Their
  // answers carry a message. A missing `create` on pods/exec comes without one.
  if (said !== '' && status?.details?.kind !== undefined && !/\bcannot\b|is forbidden:?$/.test(said)) {
    return new ClusterError(
      'forbidden',
      `the server refused to ${describeRequest(request)}: ${said}`,
      details,
    );
  }
  const what = plural === '' ? request.path.replace(/\?.*/, '') : plural;
  const where =
    request.resource?.namespaced !== true
      ? ''
      : request.namespace === undefined
        ? ' in all namespaces'
        : ` in namespace "${request.namespace}"`;
  const scope =
    request.resource?.namespaced !== true
      ? []
      : request.namespace === undefined
        ? [flag('-A')]
        : inNamespace(request.namespace);
  const name = request.name === undefined ? '' : ` "${request.name}"`;
  // Servers authorize an exec over WebSocket as `get`, newer ones as `create` too: the answer says which.
  const verb = /\bcannot (\w+) resource\b/.exec(said)?.[1] ?? request.verb;
  return new ClusterError('forbidden', `${quotedUser(parties)} may not ${verb} ${what}${name}${where}`, {
    ...details,
    hint: commandLine`kubectl auth can-i ${verb} ${what} ${scope}`,
  });
}

function notFound(
  request: ApiRequest,
  status: Status | undefined,
  said: string,
  details: ClusterErrorDetails,
): ClusterError {
  const { resource, name, namespace } = request;
  const about = status?.details;
  if (about?.kind === 'namespaces' && about.name !== undefined) {
    return new ClusterError('not-found', `namespace "${about.name}" not found`, {
      ...details,
      hint: 'kubectl get namespaces',
    });
  }
  // If the server does not serve the kind, its answer names no object.
  if (name !== undefined && about?.name !== undefined) {
    const where =
      resource?.namespaced === true && namespace !== undefined ? ` in namespace "${namespace}"` : '';
    return new ClusterError('not-found', `${qualifiedPlural({ resource })} "${name}" not found${where}`, {
      ...details,
      hint: commandLine`kubectl get ${qualifiedPlural({ resource })} ${inNamespace(namespace)}`,
    });
  }
  if (!resource) return new ClusterError('not-found', said || `${request.path} not found`, details);
  if (resource.group === stashGroup) {
    return new ClusterError(
      'precondition',
      `the cluster has no Stash CRDs (${qualifiedPlural({ resource })})`,
      {
        ...details,
        hint: 'kubectl stash install --crds',
      },
    );
  }
  if (resource.group === volumeSnapshots.group) {
    return new ClusterError(
      'precondition',
      `the cluster has no snapshot CRDs (${qualifiedPlural({ resource })})`,
      {
        ...details,
        hint: 'install the CRDs and the snapshot-controller of https://github.com/kubernetes-csi/external-snapshotter',
      },
    );
  }
  return new ClusterError(
    'precondition',
    `the server has no resource type "${qualifiedPlural({ resource })}"`,
    {
      ...details,
      hint:
        resource.group === customResourceDefinitions.group
          ? undefined
          : commandLine`kubectl api-resources --api-group=${resource.group}`,
    },
  );
}

function quotedUser(parties: Parties): string {
  return `user "${parties.user}"`;
}

/** Puts the server's text on one line, without repeated white space. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}
