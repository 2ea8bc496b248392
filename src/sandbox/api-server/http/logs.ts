/** Serves a container's log as plain text. */
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

import type { Api } from '../api.ts';
import { chooseContainer } from '../pod-container.ts';
import type { ContainerAddress, PodRuntime } from '../pod-runtime.ts';
import { badRequest, notImplemented } from '../status.ts';
import { podAt } from './pod-at.ts';
import { isTrue, type ResourceRequest } from './request.ts';

export async function sendLogs(
  { api, runtime }: { readonly api: Api; readonly runtime: () => PodRuntime | undefined },
  { kind, namespace = '', name = '', query }: ResourceRequest,
  response: ServerResponse,
): Promise<void> {
  const container = chooseContainer(
    podAt(api, { kind, namespace, name }),
    query.get('container') ?? undefined,
  );
  const node = runtime();
  if (!node) throw notImplemented('logs: there is no node');
  await sendContainerLogs(node, { namespace, pod: name, container }, query, response);
}

/** `query`: of the request for the logs. */
export async function sendContainerLogs(
  node: PodRuntime,
  at: ContainerAddress,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const tailLines = query.get('tailLines');
  if (tailLines !== null && !/^\d+$/.test(tailLines))
    throw badRequest('tailLines: must be a number of lines');
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  const logs = await node.logs({
    ...at,
    previous: isTrue(query.get('previous')),
    follow: isTrue(query.get('follow')),
    tailLines: tailLines === null ? undefined : Number(tailLines),
    signal: gone.signal,
  });
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  await pipeline(logs, response).catch((error: unknown) => {
    if (!gone.signal.aborted) throw error;
  });
}
