/** Commands and requests that run before and after a session. */
import type { JsonSchema } from '../kubernetes.ts';
import { choice, intOrString, list, object, string, strings } from './schema.ts';

const port = intOrString('Port, as a number or by its name.');
const host = string('Host; default is the pod.');

const http = {
  scheme: string('HTTP or HTTPS.'),
  host,
  port,
  path: string('Path of the request.'),
  httpHeaders: list(
    'Headers of the request.',
    object('One header.', { name: string('Its name.'), value: string('Its value.') }, ['name', 'value']),
  ),
};

const formField = object('One field.', { key: string('Its name.'), values: strings('Its values.') });

const handlers = {
  containerName: string('Container that an exec hook runs in.'),
  exec: object('Runs a command.', { command: strings('Command and arguments; no shell is involved.') }),
  httpGet: object('Sends a GET request.', http, ['port']),
  httpPost: object(
    'Sends a POST request.',
    { ...http, body: string('Body of the request.'), form: list('Fields of a form.', formField) },
    ['port'],
  ),
  tcpSocket: object('Opens a connection.', { host, port }, ['port']),
};

/** A hook that always runs. */
export function hook(description: string): JsonSchema {
  return object(description, handlers);
}

/** A hook that runs if the outcome is among those that its policy names. */
export function finalHook(description: string, policies: string[]): JsonSchema {
  return object(description, {
    ...handlers,
    executionPolicy: choice('Outcome after which it runs.', policies, 'Always'),
  });
}
