/** The import walls of docs/architecture.md: every folder may import only from below it. */
const layers = [
  [
    'src/commands',
    [
      'cli',
      'follow',
      'report',
      'session',
      'files',
      'operator',
      'install',
      'cluster',
      'domain',
      'api',
      'errors',
    ],
  ],
  ['src/cli', ['report', 'cluster', 'domain', 'api', 'errors']],
  ['src/follow', ['session', 'cluster', 'domain', 'api', 'errors']],
  ['src/report', ['domain', 'api', 'errors']],
  ['src/operator', ['session', 'cluster', 'domain', 'api', 'errors']],
  ['src/install', ['cluster', 'domain', 'api', 'errors']],
  ['src/session', ['cluster', 'domain', 'api', 'errors']],
  ['src/cluster', ['domain', 'api', 'errors']],
  ['src/files', ['domain', 'api', 'errors']],
  ['src/domain', ['api', 'errors']],
  ['src/sandbox', ['api']],
  ['src/api', []],
];

const walls = layers.map(([folder, below]) => ({
  name: `wall-${folder.replace('src/', '')}`,
  comment: `${folder} may import from ${below.join(', ') || 'nothing of ours'} only`,
  severity: 'error',
  from: {
    path: `^${folder}/`,
    // The one command that starts the sandbox, and the sandbox's own view of the port's types.
    ...(folder === 'src/commands' ? { pathNot: '^src/commands/sandbox\\.ts$' } : {}),
  },
  to: {
    path: '^(src|cmd|test)/',
    pathNot: [
      `^${folder}/`,
      ...below.map((name) => (name === 'errors' ? '^src/errors\\.ts$' : `^src/${name}/`)),
      ...(folder === 'src/sandbox' ? ['^src/cluster/port\\.ts$'] : []),
    ],
  },
}));

const pure = ['src/api', 'src/domain', 'src/report'];

module.exports = {
  forbidden: [
    ...walls,
    {
      name: 'sandbox-sees-only-the-port-type',
      severity: 'error',
      from: { path: '^src/sandbox/' },
      to: { path: '^src/cluster/port\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-one-command-starts-the-sandbox',
      severity: 'error',
      from: { path: '^(src|cmd)/', pathNot: ['^src/sandbox/', '^src/commands/sandbox\\.ts$'] },
      to: { path: '^src/sandbox/' },
    },
    {
      name: 'pure',
      comment: 'api, domain and report do no I/O: no node modules, no yargs, no client',
      severity: 'error',
      from: { path: `^(${pure.join('|')})/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-packages',
      severity: 'error',
      from: { path: `^(${pure.join('|')})/` },
      to: { path: 'node_modules/(yargs|@kubernetes|ws|log-update|ajv)' },
    },
    {
      name: 'client-node-stays-in-its-adapter',
      severity: 'error',
      from: { path: '^(src|cmd)/', pathNot: '^src/cluster/' },
      to: { path: 'node_modules/@kubernetes/' },
    },
    {
      name: 'product-without-tests',
      severity: 'error',
      from: { path: '^(src|cmd)/' },
      to: { path: '^test/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-circular-folders',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(src|cmd)/' },
      to: {},
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
