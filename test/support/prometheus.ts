/** Prometheus, which discovers and scrapes the operator's pods, and evaluates alert rules. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { pods } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { podLabels, httpPort } from '#src/domain/install/options.ts';
import { freePorts } from '#test/cluster/free-ports.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { createProcesses } from '#test/cluster/processes.ts';

/** Returns false if prometheus and kubectl are on PATH, else the reason to skip tests that need them. */
export function missingPrometheus(): string | false {
  for (const program of ['prometheus', 'kubectl'])
    if (spawnSync(program, ['--help']).error) return `no ${program} on PATH (test/prometheus/provide.sh)`;
  return false;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** `NaN` for a quotient of nothing. */
  readonly value: number;
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface Prometheus {
  query(expression: string): Promise<Series[]>;
  /** What it knows of the metrics that it scraped. */
  metadata(): Promise<Readonly<Record<string, readonly { readonly type: string; readonly help: string }[]>>>;
  /** The alerts of a group of rules. */
  alerts(group: string): Promise<Alert[]>;
  /** Resolves with what `read` finds once it finds something. Rejects after three minutes, with `what`. */
  until<T>(what: string, read: () => Promise<T | undefined>): Promise<T>;
}

export interface Options {
  readonly server: Pick<TestServer, 'cluster' | 'kubeconfig'>;
  /** Of the operator. */
  readonly namespace: string;
  /** The text of each file of rules. */
  readonly rules: readonly string[];
}

const patience = 180_000;

/** It stops after the test. The pods are reached through the API server. */
export async function startPrometheus(
  t: TestContext,
  { server: { cluster, kubeconfig }, namespace, rules }: Options,
): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-prometheus-'));
  const processes = createProcesses();
  t.after(async () => {
    await processes.stopAll();
    await rm(directory, { recursive: true, force: true });
  });
  const proxy = await processes.start({
    ...{ name: 'kubectl proxy', path: 'kubectl', log: join(directory, 'proxy.log') },
    args: ['proxy', '--port=0', `--kubeconfig=${kubeconfig}`, `--cache-dir=${join(directory, 'cache')}`],
    isReady: async (log) => servedAt.test(await log()),
  });
  const [, api = ''] = servedAt.exec(await readFile(proxy.log, 'utf8')) ?? [];

  const files = rules.map((_, index) => join(directory, `rules-${index}.yaml`));
  for (const [index, text] of rules.entries()) await writeFile(files[index] ?? '', text);
  const file = join(directory, 'prometheus.yaml');
  await writeFile(file, JSON.stringify(configuration(api, await discover(t, cluster, namespace), files)));
  const [port = 0] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const url = `http://${address}`;
  await processes.start({
    ...{ name: 'prometheus', path: 'prometheus', log: join(directory, 'prometheus.log') },
    args: [
      ...[`--config.file=${file}`, `--storage.tsdb.path=${join(directory, 'data')}`],
      `--web.listen-address=${address}`,
    ],
    isReady: () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
  });

  async function get<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const { data, error } = (await response.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
    return data;
  }
  return {
    async query(query) {
      const { result } = await get<{
        result: { metric: Record<string, string>; value: [time: number, value: string] }[];
      }>('query', { query });
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    metadata: () => get('metadata'),
    async alerts(group) {
      const { groups } = await get<{ groups: { name: string; rules: { alerts: Alert[] }[] }[] }>('rules');
      return groups
        .filter(({ name }) => name === group)
        .flatMap((it) => it.rules.flatMap((rule) => rule.alerts));
    },
    async until(what, read) {
      const deadline = performance.now() + patience;
      for (;;) {
        const found = await read();
        if (found !== undefined) return found;
        if (performance.now() > deadline) throw new Error(`timed out waiting: ${what}`);
        // Prometheus has no watch, and scrapes each second.
        await setTimeout(500);
      }
    },
  };
}

const servedAt = /Starting to serve on (127\.0\.0\.1:\d+)/;

function configuration(api: string, discovery: string, rules: readonly string[]): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: rules,
    scrape_configs: [
      {
        job_name: 'kubectl-stash',
        http_sd_configs: [{ url: discovery, refresh_interval: '1s' }],
        relabel_configs: [{ target_label: '__address__', replacement: api }],
      },
    ],
  };
}

/**
 * Serves the pods that the PodMonitor of the chart selects, by labels and the name of the port, with their path at the API
 * server. Debian builds Prometheus without its own discovery for Kubernetes. Resolves with the URL.
 */
async function discover(t: TestContext, cluster: Cluster, namespace: string): Promise<string> {
  const labelSelector = Object.entries(podLabels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const targets = async () => {
    const { items } = await cluster.list(pods, { namespace, labelSelector });
    return items.flatMap(({ metadata: { name: pod }, spec }) =>
      spec.containers.flatMap(({ ports = [] }) =>
        ports
          .filter(({ name }) => name === httpPort.name)
          .map(({ containerPort }) => ({
            targets: [`${pod}:${containerPort}`],
            labels: {
              pod,
              __metrics_path__: `/api/v1/namespaces/${namespace}/pods/${pod}:${containerPort}/proxy/metrics`,
            },
          })),
      ),
    );
  };
  const server = createServer((_, response) => {
    void targets().then(
      (found) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
