/**
 * The server that an end-to-end test runs on: a sandbox for the file, or the cluster that the environment names.
 *
 * - `E2E_KUBECONFIG`: path, an administrator's: tests grant a developer the rights of `docs/rbac` and run the plugin as
 *   that user. The other variables count only with it.
 * - `E2E_STORAGE_CLASS`, `E2E_SNAPSHOT_CLASS`: classes of one CSI driver; the latter is its default.
 * - `E2E_STORAGE_CLASS_WAIT`: a storage class of that driver that waits for the first consumer.
 * - `E2E_IMAGES`: images that its pods can run besides busybox, separated by spaces.
 * - `E2E_DRIVER`: the driver's name, where it takes the sandbox's fault parameters (`src/sandbox/storage/faults.ts`).
 *
 * `E2E_STASH_CRDS` names a directory with definitions of the Stash kinds that somebody else owns: they are installed
 * in place of ours.
 *
 * What a variable that is not set makes impossible is skipped by name.
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
  /** Binds only once a pod uses the claim. */
  readonly waitClass: string | undefined;
  readonly snapshotClass: string;
  /** Takes the fault parameters. */
  readonly driver: string | undefined;
  /** What pods can run. */
  readonly images: readonly string[];
  /** Has the server's time jump; left out where it goes as it does everywhere. */
  readonly advance?: (milliseconds: number) => void;
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
  const theirs = process.env['E2E_STASH_CRDS'];
  if (theirs !== undefined) await defineTheirs(server.cluster, theirs);
  const { code, stdout, stderr } = await runPlugin(server.kubeconfig, ['install', '--crds']);
  if (code !== 0) throw new Error(`install --crds: ${stderr}`);
  if (theirs !== undefined) {
    const touched = stdout.split('\n').filter((line) => line !== '' && !line.includes(' left alone '));
    if (touched.length > 0) throw new Error(`install --crds touched what is not ours: ${touched.join(', ')}`);
  }
  after(() => {
    server.cluster.close();
  });
  return server;
}

/** Several test files do it at the same time on one server. */
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
  const started = await startSandbox({ directory, program: ourProgram });
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
    // Its containers are shells of this machine, whatever their image.
    images: ['busybox'],
    advance: (milliseconds) => {
      started.advance(milliseconds);
    },
    // A process of its own has to start in it too.
    briefly: '3s',
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
