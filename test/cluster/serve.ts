/** `npm run cluster`: a real control plane until Ctrl-C. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { startControlPlane } from './control-plane.ts';
import { findPrograms } from './programs.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'rate-limits': { type: 'string', default: 'default' } } });
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      stopping.abort();
    });
  }
  const programs = await findPrograms(process.env, say);
  const began = performance.now();
  const rateLimits = values['rate-limits'] === 'raised' ? 'raised' : 'default';
  const controlPlane = await startControlPlane({ programs, rateLimits, onError: say });
  try {
    say(`up after ${((performance.now() - began) / 1000).toFixed(1)} s; logs in ${controlPlane.logs}`);
    say(`kubectl: ${programs.path.kubectl}`);
    process.stdout.write(`export KUBECONFIG=${controlPlane.kubeconfig}\n`);
    say('type the line above in another terminal; Ctrl-C here ends it');
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  } finally {
    await controlPlane.stop();
  }
}

await main();
