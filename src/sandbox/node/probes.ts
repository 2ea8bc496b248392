/** Asks a container of our own image how it is, as its probes say. Others are as good as they look: they run. */
import { get } from 'node:http';

import type { Container } from '#src/api/kubernetes.ts';
import { pause } from '#src/sandbox/controllers/mirror.ts';

import type { Launch } from './own-image.ts';
import type { ProcessGroup } from './process-groups.ts';

interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port: number | string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

interface ProbeOptions {
  readonly container: Container;
  /** Where its ports are on this machine. */
  readonly ports: ReadonlyMap<number, number>;
  /** Ends when the container does. */
  readonly signal: AbortSignal;
  /** Why it is not well, where it is not; told when that changes. */
  readonly onChange: (failure: string | undefined) => void;
}

export interface ProbedContainer {
  readonly container: Container;
  readonly launch: Launch;
  readonly group: ProcessGroup;
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
  readonly onReady: (ready: boolean) => void;
}

/** Until the process ends, which a liveness probe that fails asks it to. */
export function startProbes({ container, launch, group, event, onReady }: ProbedContainer): void {
  const ended = new AbortController();
  const end = (): void => {
    ended.abort();
  };
  group.exited.then(end, end);
  const options = { container, ports: launch.ports, signal: ended.signal };
  const { readinessProbe, livenessProbe, name } = container;
  if (readinessProbe) {
    void watchProbe(readinessProbe, {
      ...options,
      onChange(failure) {
        if (failure !== undefined) event('Warning', 'Unhealthy', `Readiness probe failed: ${failure}`);
        onReady(failure === undefined);
      },
    });
  }
  if (livenessProbe) {
    void watchProbe(livenessProbe, {
      ...options,
      onChange(failure) {
        if (failure === undefined) return;
        event('Warning', 'Unhealthy', `Liveness probe failed: ${failure}`);
        event('Normal', 'Killing', `Container ${name} failed liveness probe, will be restarted`);
        group.kill('SIGTERM');
      },
    });
  }
}

/** Until the signal aborts. `successThreshold` and `failureThreshold` answers in a row make a change. */
async function watchProbe(probe: Probe, options: ProbeOptions): Promise<void> {
  const { signal, onChange } = options;
  const url = urlOf(probe, options);
  if (url === undefined) return;
  const period = (probe.periodSeconds ?? 10) * 1000;
  let well: boolean | undefined;
  let row = { ok: false, count: 0 };
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  while (!signal.aborted) {
    const failure = await ask(url, (probe.timeoutSeconds ?? 1) * 1000, signal);
    const ok = failure === undefined;
    row = { ok, count: row.ok === ok ? row.count + 1 : 1 };
    // One that has not been well yet is about to be, and has as long for it as with slow answers.
    const interval = well === true ? period : Math.min(period, 500);
    const enough = ok
      ? (probe.successThreshold ?? 1)
      : Math.ceil(((probe.failureThreshold ?? 3) * period) / interval);
    if (row.count >= enough && well !== ok && !isOver(signal)) {
      well = ok;
      onChange(failure);
    }
    await pause(ok && well === true ? period : interval, signal);
  }
}

/** A function, so that the compiler does not take an earlier answer for the present one. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

function urlOf({ httpGet }: Probe, { container, ports }: ProbeOptions): string | undefined {
  if (!httpGet) return undefined;
  const { path = '/', port } = httpGet;
  const number =
    typeof port === 'number' ? port : container.ports?.find(({ name }) => name === port)?.containerPort;
  if (number === undefined) return undefined;
  return `http://127.0.0.1:${ports.get(number) ?? number}${path}`;
}

function ask(url: string, timeout: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const fail = (why: string): void => {
      resolve(`Get ${JSON.stringify(url)}: ${why}`);
    };
    const request = get(url, { timeout, signal, agent: false }, (response) => {
      const { statusCode = 0 } = response;
      response.destroy();
      if (statusCode >= 200 && statusCode < 400) resolve(undefined);
      else resolve(`HTTP probe failed with statuscode: ${statusCode}`);
    });
    request.on('timeout', () => request.destroy(new Error('context deadline exceeded')));
    request.on('error', (error) => {
      fail(error.message);
    });
  });
}
