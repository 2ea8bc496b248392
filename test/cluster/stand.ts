/** A control plane for one test file, and concurrent runs of the plugin on it. */
import { setTimeout } from 'node:timers/promises';
import { after } from 'node:test';

import { run } from '#src/cli/run.ts';
import { connect } from '#src/cluster/connect.ts';
import { commands } from '#src/commands/index.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import type { Place } from '#test/e2e/place.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { testContext, type TestContext } from '#test/support/context.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import type { RateLimits } from './components.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { madeImages } from './node/images.ts';
import { currentPlace } from './node/place.ts';
import { findPrograms } from './programs.ts';

export interface Running {
  readonly argv: string;
  readonly context: TestContext;
  readonly exit: Promise<number>;
  /** Returns undefined while the command runs. */
  readonly code: () => number | undefined;
}

export interface Stand {
  readonly controlPlane: ControlPlane;
  readonly server: TestServer;
  /** Runs the plugin as the place's developer; words are separated by single spaces. */
  begin(place: Place, argv: string, screen?: Screen): Running;
}

type Screen = Pick<TestContext, 'isTTY' | 'columns' | 'rows'>;

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** The control plane stops after the file's last test. */
export async function openStand(rateLimits: RateLimits): Promise<Stand> {
  const place = await currentPlace();
  const controlPlane = await startControlPlane({
    programs: await findPrograms(process.env, say, { node: place !== undefined }),
    rateLimits,
    onError: say,
  });
  after(() => controlPlane.stop());
  const { kubeconfig } = controlPlane;
  const clock = scaledClock();
  const { cluster } = await connect({ kubeconfig }, {}, { clock, version: 'stand' });
  after(() => {
    cluster.close();
  });
  const { code, stderr } = await runPlugin(kubeconfig, ['install', '--crds']);
  if (code !== 0) throw new Error(`install --crds: ${stderr}`);

  return {
    controlPlane,
    server: {
      kubeconfig,
      cluster,
      storageClass: 'sandbox',
      waitClass: 'sandbox-wait',
      snapshotClass: 'sandbox',
      driver: driverName,
      images: place ? await madeImages(place.layouts) : ['busybox'],
      briefly: '20s',
    },
    begin({ namespace, developer }, argv, screen = { isTTY: false, columns: 200, rows: 50 }) {
      const context = testContext({
        ...screen,
        clock,
        cluster: async (flags) =>
          connect({ ...flags, ...developer, kubeconfig, namespace }, {}, { clock, version: 'stand' }),
      });
      const exit = run(argv.split(' '), context, commands);
      let ended: number | undefined;
      void exit.then((code) => (ended = code));
      return { argv, context, exit, code: () => ended };
    },
  };
}

/** Resolves when each run has printed all of these words on stderr. Rejects if one ends before. */
export async function toldBy(runs: readonly Running[], ...words: readonly RegExp[]): Promise<void> {
  const deadline = performance.now() + 90_000;
  for (const { argv, context, code } of runs) {
    for (const word of words) {
      while (!word.test(context.stderr())) {
        if (code() !== undefined || performance.now() > deadline)
          throw new Error(
            `${argv} (exit ${code() ?? 'none yet'}) did not print ${word}:\n${context.stderr()}`,
          );
        await setTimeout(50);
      }
    }
  }
}
