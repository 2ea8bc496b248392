/** A generic JSON client for a Kubernetes API: it knows no types. */
import { Agent, request as httpsRequest, type AgentOptions } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';

export interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed if it is JSON, else the text. */
  readonly body: Json;
}

/** JSON that a test can index without checks: a missing property is undefined. */
export type Json = { readonly [key: string]: Json } & { readonly [index: number]: Json };

export function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Returns the JSON array, or an empty one if the value is none. */
export function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

export interface Watch {
  /** Resolves with the next event, or undefined when the watch has ended. */
  next(): Promise<Json>;
  close(): void;
}

type Headers = Readonly<Record<string, string>>;

export interface JsonClient {
  send(method: string, path: string, body?: unknown, headers?: Headers): Promise<Answer>;
  watch(path: string, headers?: Headers): Promise<Watch>;
  close(): void;
}

/** `headers` are sent with every request. */
export function createJsonClient(url: string, tls: AgentOptions, headers: OutgoingHttpHeaders): JsonClient {
  const agent = new Agent({ keepAlive: true, ...tls });

  function open(method: string, path: string, body: unknown, more: Headers): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = httpsRequest(
        new URL(path, url),
        { method, agent, headers: { ...headers, ...more } },
        resolve,
      );
      call.on('error', reject);
      if (body === undefined) {
        call.end();
        return;
      }
      const bytes =
        typeof body === 'string' || Buffer.isBuffer(body)
          ? Buffer.from(body)
          : Buffer.from(JSON.stringify(body));
      if (more['content-type'] === undefined) call.setHeader('content-type', 'application/json');
      // Node omits it for DELETE.
      call.setHeader('content-length', bytes.length);
      call.end(bytes);
    });
  }

  return {
    async send(method, path, body, more = {}) {
      const message = await open(method, path, body, more);
      const chunks: Buffer[] = [];
      for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const isJson = message.headers['content-type'] === 'application/json' && text !== '';
      return {
        code: message.statusCode ?? 0,
        headers: message.headers,
        body: (isJson ? JSON.parse(text) : text) as Json,
      };
    },
    async watch(path, more = {}) {
      const message = await open('GET', path, undefined, more);
      const lines = readLines(message);
      return {
        async next() {
          const line = await lines.next();
          return (line.done ? undefined : JSON.parse(line.value)) as Json;
        },
        close() {
          message.destroy();
        },
      };
    },
    close() {
      agent.destroy();
    },
  };
}

async function* readLines(message: IncomingMessage): AsyncGenerator<string, undefined> {
  let text = '';
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      yield* lines;
    }
  } catch {
    // A broken connection ends the watch.
  }
  return undefined;
}
