/**
 * Sends requests to the API server, retries those that are safe to retry, and turns failures into
 * ClusterErrors.
 */
import type { IncomingMessage } from 'node:http';

import type { Status } from '#src/api/kubernetes.ts';
import type { Clock } from '#src/domain/clock.ts';
import { wordsOfPage } from '#src/domain/html-page.ts';
import { StashError } from '#src/errors.ts';

import { connectionError, isCutConnection, lateCredentials, timeoutError } from './connection-errors.ts';
import { answerError, ClusterError, pageError, type Failure, type Parties } from './errors.ts';
import { AnswerTooLong, NoCredentials, readBody, SilentConnection, type Wire } from './http.ts';
import { backoffDelay, type Limits } from './limits.ts';
import type { ApiRequest, Verb } from './request.ts';
import type { ServerClock } from './server-clock.ts';

export interface ApiOptions {
  readonly wire: Wire;
  readonly parties: Parties;
  readonly clock: Clock;
  /** Learns the server's time from each answer. */
  readonly onSend?: ServerClock['onSend'] | undefined;
  readonly limits: Limits;
  /** Timeout of one attempt of a plain request, in milliseconds. */
  readonly requestTimeout?: number | undefined;
}

export type AskFor = <A>(
  request: ApiRequest,
  read: (answer: Buffer) => A,
  signal?: AbortSignal,
) => Promise<A>;

export interface Api {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly wire: Wire;
  readonly parties: Parties;
  /**
   * Resolves with the parsed answer. Retries reads for a while, and writes only if the server says that it
   * did nothing. Throws 'interrupted' as soon as `signal` aborts.
   */
  readonly ask: (request: ApiRequest, signal?: AbortSignal) => Promise<unknown>;
  /** Like `ask`, with what `read` makes of the answer. A SyntaxError of `read` means that the answer is not JSON. */
  readonly askFor: AskFor;
  /** Like `askFor`, without retries. */
  readonly askOnceFor: AskFor;
  /** Resolves with the head of a long-lived answer. */
  open(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage>;
  /** Turns any error into a StashError, as the port promises. */
  toStashError(error: unknown): StashError;
}

/** With which each object of the API begins. */
const openingBrace = 0x7b;

const methods: Readonly<Record<Verb, string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  patch: 'PATCH',
  delete: 'DELETE',
};

/** Returns an Api over one connection pool. Sends no request yet. */
export function createApi(options: ApiOptions): Api {
  const { wire, parties, clock, onSend, limits, requestTimeout } = options;

  const toStashError = (error: unknown): StashError => {
    if (error instanceof StashError) return error;
    if (error instanceof SilentConnection) return timeoutError(error.milliseconds, parties, false);
    return connectionError(error, parties);
  };

  /**
   * Sends a request. If the server rejects the credentials, and a plugin or file may provide newer ones,
   * sends it once more with those.
   */
  async function sendAuthenticated(
    request: ApiRequest,
    silence: number,
    stream: boolean,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const send = async () => {
      const learn = onSend?.();
      const answer = await wire.send({
        method: methods[request.verb],
        path: request.path,
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
        contentType: request.contentType,
        accept: request.accept,
        signal,
        silence,
        stream,
      });
      learn?.(answer.headers.date);
      return answer;
    };
    let message = await send();
    if (message.statusCode === 401 && wire.renewCredentials()) {
      message.resume();
      message = await send();
    }
    // Redirections are not followed: the credentials are for this server only.
    if ((message.statusCode ?? 0) < 300) return message;
    throw answerError(request, await readFailure(message), parties);
  }

  async function bodyOnce(request: ApiRequest, signal?: AbortSignal): Promise<Buffer> {
    const deadline = requestTimeout === undefined ? undefined : AbortSignal.timeout(requestTimeout);
    const signals = [signal, deadline].filter((one) => one !== undefined);
    const either = signals.length > 0 ? AbortSignal.any(signals) : undefined;
    const exchange = async (silence: number): Promise<{ message: IncomingMessage; body: Buffer }> => {
      try {
        const message = await sendAuthenticated(request, silence, false, either);
        return { message, body: await readBody(message, request) };
      } catch (error) {
        if (error instanceof SilentConnection && silence < limits.silence) return exchange(limits.silence);
        throw error;
      }
    };
    try {
      const first = isRead(request.verb) ? Math.min(limits.firstSilence, limits.silence) : limits.silence;
      const { message, body } = await exchange(first);
      const { statusCode: code = 0, headers } = message;
      // A log may contain an HTML page; the content type says that it is a log.
      const isData = body[0] === openingBrace || headers['content-type']?.startsWith('text/plain');
      const page = isData ? undefined : wordsOfPage(body.toString());
      if (page === undefined) return body;
      throw pageError(request, { code, sender: senderOf(message) }, page, parties);
    } catch (error) {
      if (signal?.aborted) {
        throw new StashError('interrupted', `interrupted while waiting for server ${parties.server}`);
      }
      if (error instanceof AnswerTooLong) throw error;
      if (deadline?.aborted && requestTimeout !== undefined) {
        throw error instanceof NoCredentials
          ? lateCredentials(requestTimeout, parties)
          : timeoutError(requestTimeout, parties, true);
      }
      throw toStashError(error);
    }
  }

  const askOnceFor: AskFor = async (request, read, signal) => {
    const body = await bodyOnce(request, signal);
    try {
      return read(body);
    } catch (error) {
      throw error instanceof SyntaxError ? notJson(parties) : error;
    }
  };

  const askFor: AskFor = async (request, read, signal) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await askOnceFor(request, read, signal);
      } catch (error) {
        const delay = attempt < limits.retries ? retryDelay(error, request.verb, attempt, limits) : undefined;
        if (delay === undefined) throw error;
        await clock.sleep(delay, signal);
      }
    }
  };

  return {
    limits,
    clock,
    wire,
    parties,
    askFor,
    askOnceFor,
    toStashError,
    ask: (request, signal) => askFor(request, parse, signal),
    async open(request, signal) {
      try {
        return await sendAuthenticated(request, limits.watchSilence, true, signal);
      } catch (error) {
        throw toStashError(error);
      }
    },
  };
}

/**
 * Returns the delay before the next attempt in milliseconds, or undefined if a retry is unsafe or pointless.
 */
function retryDelay(error: unknown, verb: Verb, attempt: number, limits: Limits): number | undefined {
  if (!(error instanceof ClusterError)) return undefined;
  const { code, retryAfterSeconds } = error;
  const asked = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
  if (asked !== undefined && asked > limits.maxRetryAfter) return undefined;
  if (code === 429 && asked !== undefined) return asked;
  // The server may have carried out a write whose connection broke or that failed inside the server.
  if (!isRead(verb)) return undefined;
  const again = code === undefined ? isCutConnection(error) : code === 429 || code >= 500;
  return again ? Math.max(asked ?? 0, backoffDelay(attempt, limits)) : undefined;
}

function isRead(verb: Verb): boolean {
  return verb === 'get' || verb === 'list' || verb === 'watch';
}

/** Reads a failed answer to its end. */
export async function readFailure(message: IncomingMessage): Promise<Failure> {
  const text = (await readBody(message)).toString();
  // A date, the other form that HTTP allows, is the time of a clock that may be wrong.
  const after = message.headers['retry-after'] ?? '';
  return {
    code: message.statusCode ?? 0,
    status: parseStatus(text),
    text,
    sender: senderOf(message),
    ...(/^\d+$/.test(after) && { retryAfterSeconds: Number(after) }),
  };
}

/** Returns the name of the program that answered, from the `Server` header if there is one. */
export function senderOf({ headers }: IncomingMessage): string | undefined {
  return [headers.server].flat()[0];
}

function parseStatus(text: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns true if an answer, or an object from a watch, is a Status. */
export function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}

function parse(body: Buffer): unknown {
  return JSON.parse(body.toString());
}

function notJson({ server }: Parties): ClusterError {
  return new ClusterError('server', `${server} returned invalid JSON`, {
    hint: 'is this the address of a Kubernetes API server?\nkubectl config view --minify',
  });
}
