/** Runs a container's probes; only exec probes if the container is not a process and so cannot listen. */
import { get } from 'node:http';
import { connect } from 'node:net';

import type { Container } from '#src/api/kubernetes.ts';
import { pause } from '#src/sandbox/controllers/mirror.ts';
import { longestTimer } from '#src/sandbox/timer.ts';

interface Probe {
  readonly exec?: { readonly command?: readonly string[] };
  readonly httpGet?: { readonly path?: string; readonly port: number | string };
  readonly tcpSocket?: { readonly port: number | string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

/** Resolves with undefined if the probe succeeds, else with the reason. */
type RunProbe = (signal: AbortSignal) => Promise<string | undefined>;

export interface ProbedContainer {
  readonly container: Container;
  /** Maps container ports to ports of this machine; undefined if the container is not a process. */
  readonly ports: ReadonlyMap<number, number> | undefined;
  /** Runs a command in the container; resolves with its output if it failed. */
  readonly run: (command: readonly string[], signal: AbortSignal) => Promise<string | undefined>;
  /** Aborts when the container's run ends. */
  readonly signal: AbortSignal;
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
  readonly onReady: (ready: boolean) => void;
  readonly onStarted: () => void;
  /** Stops the container. */
  readonly end: () => void;
}

/**
 * Starts the probes and returns the state before their first result. The other probes wait for the startup
 * probe.
 */
export function startProbes(probed: ProbedContainer): { readonly ready: boolean; readonly started: boolean } {
  const { container, event, signal } = probed;
  const startup = probeOf(container.startupProbe, probed);
  const readiness = probeOf(container.readinessProbe, probed);
  const liveness = probeOf(container.livenessProbe, probed);
  const unhealthy = (which: string, failure: string): void => {
    event('Warning', 'Unhealthy', `${which} probe failed: ${failure}`);
  };
  const failed = (which: string, failure: string): void => {
    unhealthy(which, failure);
    event(
      'Normal',
      'Killing',
      `Container ${container.name} failed ${which.toLowerCase()} probe, will be restarted`,
    );
    probed.end();
  };
  const startOthers = (): void => {
    if (readiness) {
      void watchProbe(readiness, signal, (failure) => {
        if (failure !== undefined) unhealthy('Readiness', failure);
        probed.onReady(failure === undefined);
      });
    }
    if (liveness) {
      void watchProbe(liveness, signal, (failure) => {
        if (failure !== undefined) failed('Liveness', failure);
      });
    }
  };
  if (startup) {
    const over = new AbortController();
    void watchProbe(startup, AbortSignal.any([signal, over.signal]), (failure) => {
      over.abort();
      if (failure !== undefined) {
        failed('Startup', failure);
        return;
      }
      probed.onStarted();
      startOthers();
    });
  } else startOthers();
  return { ready: readiness === undefined, started: startup === undefined };
}

interface RunnableProbe extends Probe {
  readonly ask: RunProbe;
}

/** Returns undefined if there is no probe, or none that can run here. */
function probeOf(given: object | undefined, probed: ProbedContainer): RunnableProbe | undefined {
  const probe: Probe = given ?? {};
  const { command } = probe.exec ?? {};
  if (command) return { ...probe, ask: (signal) => probed.run(command, signal) };
  const port = portOf(probe.httpGet?.port ?? probe.tcpSocket?.port, probed);
  if (port === undefined) return undefined;
  if (probe.tcpSocket) return { ...probe, ask: (signal) => askTcp(port, signal) };
  const url = `http://127.0.0.1:${port}${probe.httpGet?.path ?? '/'}`;
  return { ...probe, ask: (signal) => askHttp(url, signal) };
}

function portOf(
  port: number | string | undefined,
  { container, ports }: ProbedContainer,
): number | undefined {
  const number =
    typeof port === 'string' ? container.ports?.find(({ name }) => name === port)?.containerPort : port;
  return number === undefined || ports === undefined ? undefined : (ports.get(number) ?? number);
}

/**
 * Probes until the signal aborts. `successThreshold` or `failureThreshold` equal results in a row change the
 * state.
 */
async function watchProbe(
  probe: RunnableProbe,
  signal: AbortSignal,
  onChange: (failure: string | undefined) => void,
): Promise<void> {
  const period = (probe.periodSeconds ?? 10) * 1000;
  let well: boolean | undefined;
  let row = { ok: false, count: 0 };
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  while (!signal.aborted) {
    const timeout = AbortSignal.timeout(Math.min((probe.timeoutSeconds ?? 1) * 1000, longestTimer));
    const failure = await probe.ask(AbortSignal.any([signal, timeout]));
    const ok = failure === undefined;
    row = { ok, count: row.ok === ok ? row.count + 1 : 1 };
    // A container that has not been healthy yet probably will be soon: probe faster, with no shorter overall
    // limit.
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

/** A function, because the compiler would otherwise narrow `aborted` to its earlier value. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

function askHttp(url: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { signal, agent: false }, (response) => {
      const { statusCode = 0 } = response;
      response.destroy();
      if (statusCode >= 200 && statusCode < 400) resolve(undefined);
      else resolve(`HTTP probe failed with statuscode: ${statusCode}`);
    });
    request.on('error', (error) => {
      resolve(`Get ${JSON.stringify(url)}: ${signal.aborted ? 'context deadline exceeded' : error.message}`);
    });
  });
}

function askTcp(port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => {
      resolve(`dial tcp 127.0.0.1:${port}: ${signal.aborted ? 'i/o timeout' : error.message}`);
    });
  });
}
