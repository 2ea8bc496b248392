/**
 * The server that an end-to-end test runs on: a sandbox for the file, or the cluster that the environment names.
 *
 * - `E2E_KUBECONFIG`: path; the other variables count only with it.
 * - `E2E_STORAGE_CLASS`, `E2E_SNAPSHOT_CLASS`: classes of one CSI driver.
 * - `E2E_STORAGE_CLASS_WAIT`: a storage class of that driver that waits for the first consumer.
 * - `E2E_DRIVER`: the driver's name, where it takes the sandbox's fault parameters (`src/sandbox/storage/faults.ts`).
 *
 * What a variable that is not set makes impossible is skipped by name.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { runPlugin } from './plugin.ts';

export interface TestServer {
  readonly kubeconfig: string;
  readonly cluster: Cluster;
  readonly storageClass: string;
  /** Binds only once a pod uses the claim. */
  readonly waitClass: string | undefined;
  readonly snapshotClass: string;
  /** Takes the fault parameters. */
  readonly driver: string | undefined;
  /** A `--timeout` in which a driver has answered at least once. */
  readonly briefly: string;
}

/** One for the whole file; it has the Stash kinds, and ends with the file's last test. */
export async function startServer(): Promise<TestServer> {
  const given = process.env['E2E_KUBECONFIG'];
  return given === undefined ? startSandboxServer() : prepare(fromEnvironment(given));
}

/** For tests that only a sandbox can do. */
export async function startSandboxServer(): Promise<TestServer> {
  return prepare(await sandbox());
}

async function prepare(found: Omit<TestServer, 'cluster'>): Promise<TestServer> {
  const connection = await connect(
    { kubeconfig: found.kubeconfig },
    {},
    { clock: scaledClock(), version: 'e2e' },
  );
  const server = { ...found, cluster: connection.cluster };
  const { code, stderr } = await runPlugin(server.kubeconfig, ['install', '--crds']);
  if (code !== 0) throw new Error(`install --crds: ${stderr}`);
  after(() => {
    server.cluster.close();
  });
  return server;
}

async function sandbox(): Promise<Omit<TestServer, 'cluster'>> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-e2e-'));
  const started = await startSandbox({ directory });
  after(async () => {
    await started.stop();
    await removeTree(directory);
  });
  return {
    kubeconfig: started.kubeconfig,
    storageClass: 'sandbox',
    waitClass: 'sandbox-wait',
    snapshotClass: 'sandbox',
    driver: driverName,
    briefly: '1s',
  };
}

function fromEnvironment(kubeconfig: string): Omit<TestServer, 'cluster'> {
  return {
    kubeconfig,
    storageClass: required('E2E_STORAGE_CLASS'),
    waitClass: process.env['E2E_STORAGE_CLASS_WAIT'],
    snapshotClass: required('E2E_SNAPSHOT_CLASS'),
    driver: process.env['E2E_DRIVER'],
    briefly: '20s',
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`E2E_KUBECONFIG needs ${name} too`);
  return value;
}
