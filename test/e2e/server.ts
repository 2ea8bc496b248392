/**
 * The server of an end-to-end test: a sandbox for the file, or the cluster that the environment names.
 *
 * - `E2E_KUBECONFIG`: path of an administrator's kubeconfig. Tests grant a developer the rights of
 * `docs/rbac` and run the plugin as that user. The other variables require it.
 * - `E2E_STORAGE_CLASS`, `E2E_SNAPSHOT_CLASS`: classes of one CSI driver; the latter is its default.
 * - `E2E_STORAGE_CLASS_WAIT`: a storage class of that driver with WaitForFirstConsumer.
 * - `E2E_IMAGES`: images besides busybox that its pods can run, separated by spaces.
 * - `E2E_DRIVER`: the driver's name, if it supports the sandbox's fault parameters
 * (`src/sandbox/storage/faults.ts`).
 *
 * `E2E_STASH_CRDS` names a directory with foreign definitions of the Stash kinds, which are installed in
 * place of ours.
 *
 * Tests that need a variable which is not set are skipped, with its name.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { stashGroup } from '#src/api/labels.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { ourProgram } from '#test/support/our-program.ts';
import { readDefinitions } from '#test/support/read-definitions.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import { until } from '#test/support/until.ts';

import { runPlugin } from './plugin.ts';

export interface TestServer {
  readonly kubeconfig: string;
  readonly cluster: Cluster;
  readonly storageClass: string;
  /** Uses WaitForFirstConsumer. */
  readonly waitClass: string | undefined;
  readonly snapshotClass: string;
  /** The driver's name, if it supports the fault parameters. */
  readonly driver: string | undefined;
  /** Images that pods can run. */
  readonly images: readonly string[];
  /** Moves the server's clock forward; undefined for a server with real time. */
  readonly advance?: (milliseconds: number) => void;
  /** A `--timeout` that is long enough for one answer of a driver. */
  readonly briefly: string;
}

/** Starts one server for the whole file, with the Stash kinds; it stops after the file's last test. */
export async function startServer(): Promise<TestServer> {
  const given = process.env['E2E_KUBECONFIG'];
  return given === undefined ? startSandboxServer() : prepare(fromEnvironment(given));
}

/** Starts a sandbox for tests that need one. */
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
  const theirs = process.env['E2E_STASH_CRDS'];
  if (theirs !== undefined) await defineTheirs(server.cluster, theirs);
  const { code, stdout, stderr } = await runPlugin(server.kubeconfig, ['install', '--crds']);
  if (code !== 0) throw new Error(`install --crds: ${stderr}`);
  if (theirs !== undefined) {
    const touched = stdout.split('\n').filter((line) => line !== '' && !line.includes(' skipped '));
    if (touched.length > 0) throw new Error(`install --crds changed foreign objects: ${touched.join(', ')}`);
  }
  after(() => {
    server.cluster.close();
  });
  return server;
}

/** Several test files may do this on one server at the same time. */
async function defineTheirs(cluster: Cluster, directory: string): Promise<void> {
  const definitions = await readDefinitions(directory, stashGroup);
  for (const definition of definitions) {
    await cluster.create(customResourceDefinitions, definition).catch((error: unknown) => {
      if (!isStashError(error, 'already-exists')) throw error;
    });
  }
  const names = new Set(definitions.map(({ metadata }) => metadata.name));
  await until(cluster, customResourceDefinitions, {}, (all) =>
    all
      .filter(({ metadata }) => names.has(metadata.name))
      .every(({ status }) => status?.conditions?.some(({ type }) => type === 'Established') === true),
  );
}

async function sandbox(): Promise<Omit<TestServer, 'cluster'>> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-e2e-'));
  const started = await startSandbox({ directory, program: await ourProgram() });
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
    // Its containers are shells on this machine, regardless of their image.
    images: ['busybox'],
    advance: (milliseconds) => {
      started.advance(milliseconds);
    },
    // Long enough to start a process.
    briefly: '10s',
  };
}

function fromEnvironment(kubeconfig: string): Omit<TestServer, 'cluster'> {
  return {
    kubeconfig,
    storageClass: required('E2E_STORAGE_CLASS'),
    waitClass: process.env['E2E_STORAGE_CLASS_WAIT'],
    snapshotClass: required('E2E_SNAPSHOT_CLASS'),
    driver: process.env['E2E_DRIVER'],
    images: ['busybox', ...(process.env['E2E_IMAGES'] ?? '').split(' ').filter(Boolean)],
    briefly: '20s',
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`E2E_KUBECONFIG needs ${name} too`);
  return value;
}
