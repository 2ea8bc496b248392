/**
 * `npm run cluster`: runs a real control plane until Ctrl-C, with a real node if this machine can run one;
 * otherwise, and with `--node agent`, with our own agent.
 */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { startControlPlane } from './control-plane.ts';
import { madeImages } from './node/images.ts';
import { currentPlace, whyNoNode } from './node/place.ts';
import { openRealNode } from './node/real-node.ts';
import { findPrograms } from './programs.ts';
import { relay } from './relay.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'rate-limits': { type: 'string', default: 'default' },
      node: { type: 'string', default: 'real' },
    },
  });
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      stopping.abort();
    });
  }
  const rateLimits = values['rate-limits'] === 'raised' ? 'raised' : 'default';
  if ((await currentPlace()) !== undefined) {
    await serve(rateLimits, stopping.signal);
    return 0;
  }
  const why = values.node === 'agent' ? '--node agent' : await whyNoNode();
  if (why === undefined) return serveWithNode(rateLimits, stopping.signal);
  say(`using our own node agent in place of a real node: ${why}`);
  await serve(rateLimits, stopping.signal);
  return 0;
}

/**
 * The API server runs in namespaces of its own and is reached through a port on this machine's loopback
 * address.
 */
async function serveWithNode(rateLimits: string, signal: AbortSignal): Promise<number> {
  await findPrograms(process.env, say, { node: true });
  const node = await openRealNode();
  const socket = join(node.directory, 'api.sock');
  const outside = await relay({ host: '127.0.0.1', port: 0 }, { path: socket });
  try {
    return await node.run(process.execPath, [import.meta.filename, '--rate-limits', rateLimits], {
      environment: {
        NODE_OUTSIDE: `https://127.0.0.1:${outside.port ?? 0}`,
        NODE_OUTSIDE_SOCKET: socket,
        NODE_OUTSIDE_KUBECONFIG: join(node.directory, 'kubeconfig'),
      },
      signal,
    });
  } finally {
    outside.close();
    await node.close();
  }
}

async function serve(rateLimits: 'default' | 'raised', signal: AbortSignal): Promise<void> {
  const place = await currentPlace();
  const programs = await findPrograms(process.env, say, { node: place !== undefined });
  const began = performance.now();
  const controlPlane = await startControlPlane({ programs, rateLimits, onError: say });
  const inside =
    place &&
    (await relay(
      { path: process.env['NODE_OUTSIDE_SOCKET'] },
      { host: '127.0.0.1', port: Number(new URL(controlPlane.url).port) },
    ));
  try {
    let { kubeconfig } = controlPlane;
    if (place) {
      const { NODE_OUTSIDE: outside = '', NODE_OUTSIDE_KUBECONFIG: file = '' } = process.env;
      const text = (await readFile(kubeconfig, 'utf8')).replaceAll(controlPlane.url, outside);
      kubeconfig = file;
      await writeFile(kubeconfig, text, { mode: 0o600 });
    }
    say(`up after ${((performance.now() - began) / 1000).toFixed(1)} s; logs in ${controlPlane.logs}`);
    say('classes: sandbox (the default), sandbox-wait (binds with the first pod)');
    if (place) say(`images: ${(await madeImages(place.layouts)).join(', ')}`);
    process.stdout.write(`export KUBECONFIG=${kubeconfig} PATH="${dirname(programs.path.kubectl)}:$PATH"\n`);
    say(
      'type the line above in another terminal, then use kubectl; Ctrl-C here stops the cluster and removes all of it',
    );
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    inside?.close();
    await controlPlane.stop();
  }
}
