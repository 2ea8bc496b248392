/** A program and all that it needs in one CommonJS file. */
import { join } from 'node:path';

import { build, type Plugin } from 'esbuild';

/** Paths are relative to the project. */
export async function bundle(program: string, outfile: string): Promise<void> {
  await build({
    absWorkingDir: join(import.meta.dirname, '..'),
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    // Half as long is read and compiled in half the time; names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [leaveOut],
    // CommonJS has no import.meta; packages that look around themselves find the bundle.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  });
}

/**
 * What packages load at once for features of theirs that we do not use: more than half of all code. Whoever begins to
 * use one finds that it is not a function.
 */
const unused: readonly { readonly what: RegExp; readonly of: string }[] = [
  // KubeConfig makes REST clients, of generated models and undici; we ask it for the options of node:https alone.
  { what: /^undici$/, of: '@kubernetes/client-node' },
  { what: /^\.\/gen\/index\.js$/, of: '@kubernetes/client-node' },
];

export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    for (const { what, of } of unused) {
      build.onResolve({ filter: what }, ({ path, importer }) =>
        importer.replaceAll('\\', '/').includes(`node_modules/${of}/`)
          ? { path, namespace: 'left-out' }
          : undefined,
      );
    }
    build.onLoad({ filter: /^/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }));
  },
};
