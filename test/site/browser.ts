/** A headless Chromium, through its DevTools protocol. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const names = ['chromium-headless-shell', 'chromium', 'google-chrome'];

/** The path of a browser; undefined if there is none. */
export function findBrowser(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => candidates.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly theme: 'light' | 'dark';
}

/** A page that has loaded, and has been idle since. */
export interface Page {
  /** Errors on its console, and exceptions. */
  readonly errors: readonly string[];
  /** Addresses that it asked for. */
  readonly requests: readonly string[];
  /** Resolves with the value of an expression; rejects if the expression throws. */
  evaluate<T>(expression: string): Promise<T>;
  /** Resolves with a PNG of what is visible. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

export interface Browser {
  open(url: string, view: View): Promise<Page>;
  close(): Promise<void>;
}

export async function startBrowser(path: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'stash-browser-'));
  const child = spawn(
    path,
    [
      '--headless',
      // It ends when the pipe does, even if this process is killed.
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
      '--hide-scrollbars',
      '--disable-gpu',
      // Root may not use the sandbox; the pages are our own.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const connection = connect(child.stdio[3] as Writable, child.stdio[4] as Readable);
  return {
    open: (url, view) => openPage(connection, url, view),
    async close() {
      const ended = once(child, 'exit');
      await connection.send('Browser.close');
      await ended;
      await rm(profile, { recursive: true, force: true });
    },
  };
}

type Params = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

interface Connection {
  send(method: string, params?: Params, sessionId?: string): Promise<Params>;
  listen(sessionId: string, heard: (method: string, params: Params) => void): void;
}

/** Messages are JSON, each followed by a zero byte. */
function connect(requests: Writable, messages: Readable): Connection {
  const waiting = new Map<number, PromiseWithResolvers<Params>>();
  const listeners = new Map<string, (method: string, params: Params) => void>();
  let last = 0;
  let begun = '';
  const receive = (text: string) => {
    const { id, sessionId = '', method, params = {}, result = {}, error } = JSON.parse(text) as Message;
    if (method !== undefined) listeners.get(sessionId)?.(method, params);
    if (id === undefined) return;
    if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
    waiting.delete(id);
  };
  messages.setEncoding('utf8').on('data', (chunk: string) => {
    const texts = `${begun}${chunk}`.split('\0');
    begun = texts.pop() ?? '';
    texts.forEach(receive);
  });
  messages.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser ended'));
  });
  return {
    send(method, params = {}, sessionId) {
      last += 1;
      const answer = Promise.withResolvers<Params>();
      waiting.set(last, answer);
      const message = { id: last, method, params, ...(sessionId !== undefined && { sessionId }) };
      requests.write(`${JSON.stringify(message)}\0`);
      return answer.promise;
    },
    listen(sessionId, heard) {
      listeners.set(sessionId, heard);
    },
  };
}

async function openPage(connection: Connection, url: string, view: View): Promise<Page> {
  const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' });
  const attached = await connection.send('Target.attachToTarget', { targetId, flatten: true });
  const sessionId = String(attached['sessionId']);
  const send = (method: string, params?: Params) => connection.send(method, params, sessionId);
  const errors: string[] = [];
  const requests: string[] = [];
  /** By the loader of a document: about:blank has one, too. */
  const idle = new Map<unknown, PromiseWithResolvers<undefined>>();
  const idleOf = (loader: unknown) => {
    const known = idle.get(loader) ?? Promise.withResolvers<undefined>();
    idle.set(loader, known);
    return known;
  };
  connection.listen(sessionId, (method, params) => {
    const heard = JSON.stringify(params);
    if (method === 'Runtime.exceptionThrown') errors.push(heard);
    if (method === 'Runtime.consoleAPICalled' && params['type'] === 'error') errors.push(heard);
    if (method === 'Log.entryAdded' && heard.includes('"level":"error"')) errors.push(heard);
    if (method === 'Network.requestWillBeSent') requests.push((params['request'] as { url: string }).url);
    if (method === 'Page.lifecycleEvent' && params['name'] === 'networkIdle') {
      idleOf(params['loaderId']).resolve(undefined);
    }
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  await send('Emulation.setDeviceMetricsOverride', {
    ...{ width: view.width, height: view.height, deviceScaleFactor: 1, mobile: view.width < 500 },
  });
  await send('Emulation.setEmulatedMedia', {
    features: [{ name: 'prefers-color-scheme', value: view.theme }],
  });
  await send('Page.setLifecycleEventsEnabled', { enabled: true });
  const { loaderId } = await send('Page.navigate', { url });
  await idleOf(loaderId).promise;
  return {
    errors,
    requests,
    async evaluate<T>(expression: string) {
      const answer = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (answer['exceptionDetails'] !== undefined)
        throw new Error(JSON.stringify(answer['exceptionDetails']));
      return (answer['result'] as { value: T }).value;
    },
    async screenshot() {
      const { data } = await send('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(String(data), 'base64');
    },
    async close() {
      await connection.send('Target.closeTarget', { targetId });
    },
  };
}
