/**
 * Puts modules that client-node's KubeConfig imports eagerly, but few kubeconfigs need, into chunks of their
 * own, which are loaded at first use.
 */
import type { Plugin } from 'esbuild';

export const latePackages = [
  'hpagent',
  'jsonpath-plus',
  'openid-client',
  'socks',
  'socks-proxy-agent',
] as const;

/** Makes each module an entry point of its own name, so that the loader can load its chunk synchronously. */
export const loadLate: Plugin = {
  name: 'load-late',
  setup(build) {
    const isLate = new RegExp(`^(${latePackages.join('|')})$`);
    build.onResolve({ filter: isLate }, ({ path, importer, kind }) =>
      kind === 'import-statement' && importer.replaceAll('\\', '/').includes('/@kubernetes/client-node/')
        ? { path, namespace: 'late' }
        : undefined,
    );
    build.onLoad({ filter: /^/, namespace: 'late' }, async ({ path }) => ({
      contents: `module.exports = { ${(await namesOf(path)).map((name) => getter(path, name)).join(', ')} };`,
    }));
    build.onResolve({ filter: /^\.\//, namespace: 'late' }, ({ path }) => ({ path, external: true }));
  },
};

async function namesOf(name: string): Promise<string[]> {
  const exported = Object.keys((await import(name)) as object);
  return exported.filter((each) => !['default', 'module.exports', '__esModule'].includes(each));
}

function getter(from: string, name: string): string {
  return `get ${name}() { return require('./${from}.js').${name}; }`;
}
