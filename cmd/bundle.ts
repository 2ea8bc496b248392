/** Bundles a program and its dependencies into one CommonJS file. */
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
    // Node reads and compiles half the code in half the time. Names stay readable in stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [leaveOut],
    // CommonJS has no import.meta. The path is in node_modules, as packages expect of their own files: yargs
    // would otherwise ask for the working directory, which may have been removed.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: {
      js: "const importMetaUrl = require('node:url').pathToFileURL(`${__dirname}/node_modules/bundle.js`).href;",
    },
    logLevel: 'warning',
  });
}

/**
 * Modules that packages import eagerly, for features that this program does not use: more than half of all
 * code. Code that starts to use such a feature fails with "is not a function".
 */
const unused: readonly { readonly what: RegExp; readonly of: string }[] = [
  // KubeConfig can create REST clients from generated models and undici; this program only asks it for
  // node:https options.
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
