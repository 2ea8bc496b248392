/** What all programs of the cluster need: flags, and a check that they are ready. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

import type { ProcessOptions } from './processes.ts';

export type Component = Pick<ProcessOptions, 'args' | 'isReady'>;

export function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

export function says(words: string): ProcessOptions['isReady'] {
  return async (log) => (await log()).includes(words);
}

export interface Endpoint {
  readonly protocol?: 'http:' | 'https:';
  readonly host?: string;
  readonly port: number;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Resolves with true if the endpoint answers 200, by default over HTTPS on the loopback address. */
export function answersOk(endpoint: Endpoint, path: string): Promise<boolean> {
  const { protocol = 'https:', host = '127.0.0.1' } = endpoint;
  const request = protocol === 'http:' ? requestHttp : requestHttps;
  return new Promise((resolve) => {
    const asked = request({ ...endpoint, protocol, host, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => {
      resolve(false);
    });
    asked.end();
  });
}
