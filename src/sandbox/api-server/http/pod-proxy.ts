/** Passes a request on to a port of a pod: `/api/v1/namespaces/NAMESPACE/pods/NAME:PORT/proxy/PATH`. */
import { request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

import type { Pod } from '#src/api/kubernetes.ts';

import type { Api } from '../api.ts';
import type { PodRuntime } from '../pod-runtime.ts';
import { badRequest, notImplemented, serviceUnavailable } from '../status.ts';
import { podAt } from './pod-at.ts';
import type { ResourceRequest } from './request.ts';

/** Headers that concern one connection, or the API server only. */
const notPassedOn = ['authorization', 'connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade'];

export async function proxyToPod(
  { api, runtime }: { readonly api: Api; readonly runtime: () => PodRuntime | undefined },
  { kind, namespace = '', name: address = '' }: ResourceRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { scheme, name, port: given } = readAddress(address);
  if (scheme === 'https') throw notImplemented('pods/proxy over https');
  const pod = podAt(api, { kind, namespace, name });
  const port = given ?? declaredPort(pod);
  if (port === undefined) throw badRequest(`pod ${name} declares no port: write ${name}:PORT`);
  const node = runtime();
  if (!node) throw notImplemented('pods/proxy: there is no node');
  const [, path = ''] = /^(?:\/[^/?]+){6}\/proxy(.*)$/.exec(request.url ?? '') ?? [];
  const passed = send({
    ...{ host: '127.0.0.1', port: node.hostPort({ namespace, pod: name, port }), agent: false },
    ...{ method: request.method, path: path.startsWith('/') ? path : `/${path}` },
    headers: without(request.headers),
  });
  response.once('close', () => passed.destroy());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    passed.once('response', resolve).on('error', reject);
  });
  request.pipe(passed);
  const answer = await answered.catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw serviceUnavailable(`error trying to reach service: ${why}`);
  });
  response.writeHead(answer.statusCode ?? 502, without(answer.headers));
  await pipeline(answer, response);
}

/** The first port that a container of the pod declares. */
export function declaredPort({ spec }: Pod): number | undefined {
  return spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
}

/** Reads `NAME`, `NAME:PORT` and `SCHEME:NAME:PORT`. */
function readAddress(address: string) {
  const [, scheme = 'http', name = '', port] = /^(?:(https?):)?([^:]+)(?::(\d*))?$/.exec(address) ?? [];
  if (name === '') throw badRequest(`invalid pod request "${address}"`);
  return { scheme, name, port: port === undefined || port === '' ? undefined : Number(port) };
}

function without(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !notPassedOn.includes(name)));
}
