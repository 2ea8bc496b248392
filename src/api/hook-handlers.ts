/**
 * What a hook can do, one entry for each handler: its fields, their schema in the CRDs, and what is known of it without
 * running it. `session/hook-in-pod.ts` has what runs each.
 */
import type { JsonSchema } from './kubernetes.ts';
import { intOrString, list, object, string, strings } from './schema.ts';

export interface HookHandlers {
  exec: { command?: string[] };
  httpGet: HttpHook;
  httpPost: HttpHook & { body?: string; form?: { key?: string; values?: string[] }[] };
  tcpSocket: SocketHook;
}

export type HandlerKind = keyof HookHandlers;

export type Handler = HookHandlers[HandlerKind];

export interface SocketHook {
  /** Left out: the pod's IP. */
  host?: string;
  /** A number, or the name of a port of the container. */
  port: number | string;
}

export interface HttpHook extends SocketHook {
  path?: string;
  scheme?: string;
  httpHeaders?: { name: string; value: string }[];
}

export interface HandlerType<T> {
  readonly schema: JsonSchema;
  /** What is wrong with it, to follow the hook's name: `has exec without a command`. Undefined if nothing is. */
  check(handler: T): string | undefined;
  /** For one that runs a command in the container: its words. */
  command?(handler: T): readonly string[];
  /** For one that connects to a host: that host, empty for the pod itself. */
  host?(handler: T): string;
}

const port = intOrString('Port, as a number or by its name.');
const host = string('Host; the pod itself where it is left out.');
const header = object('One header.', { name: string('Its name.'), value: string('Its value.') }, [
  'name',
  'value',
]);
const http = {
  scheme: string('HTTP or HTTPS.'),
  host,
  port,
  path: string('Path of the request.'),
  httpHeaders: list('Headers of the request.', header),
};
const formField = object('One field.', { key: string('Its name.'), values: strings('Its values.') });

/** In the order in which messages and schemas name them. */
const types: { readonly [K in HandlerKind]: HandlerType<HookHandlers[K]> } = {
  exec: {
    schema: object('Runs a command.', { command: strings('Command and arguments; no shell is involved.') }),
    check({ command }) {
      if (!Array.isArray(command) || command.length === 0) return 'has exec without a command';
      return command[0] === '' ? 'has exec with an empty command' : undefined;
    },
    command: ({ command = [] }) => command,
  },
  httpGet: {
    schema: object('Sends a GET request.', http, ['port']),
    check: (handler) => checkRequest('httpGet', handler) ?? checkPort('httpGet', handler),
    host: hostOf,
  },
  httpPost: {
    schema: object(
      'Sends a POST request.',
      { ...http, body: string('Body of the request.'), form: list('Fields of a form.', formField) },
      ['port'],
    ),
    check(handler) {
      const { body = '', form = [] } = handler;
      const problem = checkRequest('httpPost', handler);
      if (problem !== undefined) return problem;
      if (body !== '' && form.length > 0) return 'has httpPost with both body and form: it takes one of them';
      return form.some(({ key = '' }) => key === '')
        ? 'has httpPost with a form entry without a key'
        : checkPort('httpPost', handler);
    },
    host: hostOf,
  },
  tcpSocket: {
    schema: object('Opens a connection.', { host, port }, ['port']),
    check: (handler) => checkPort('tcpSocket', handler),
    host: hostOf,
  },
};

/** Each for handlers of its own kind. */
export const hookHandlers: Readonly<Record<HandlerKind, HandlerType<Handler>>> = types;

export const handlerKinds = Object.keys(types) as readonly HandlerKind[];

function hostOf({ host = '' }: SocketHook): string {
  return host;
}

function checkRequest(kind: HandlerKind, { scheme = '', httpHeaders = [] }: HttpHook): string | undefined {
  if (scheme !== '' && !/^https?$/i.test(scheme)) {
    return `has ${kind} with scheme ${scheme}: HTTP and HTTPS are known`;
  }
  const bad = httpHeaders.find(({ name }) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name));
  if (bad) return `has ${kind} with a header that has no name or an impossible one ("${bad.name}")`;
  return httpHeaders.some(({ value }) => /[\r\n\0]/.test(value))
    ? `has ${kind} with a header of several lines`
    : undefined;
}

function checkPort(kind: HandlerKind, { port }: Partial<SocketHook>): string | undefined {
  if (port === undefined || port === '') return `has ${kind} without a port`;
  const number = typeof port === 'number' ? port : /^-?\d+$/.test(port) ? Number(port) : undefined;
  if (number === undefined || (Number.isInteger(number) && number >= 1 && number <= 65_535)) return undefined;
  return `has ${kind} with port ${port}, which is not between 1 and 65535`;
}
