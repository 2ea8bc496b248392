/** Encodings of a kubeconfig, and what YAML can write. */
import { kubeconfig, type Outcome, type Row, type Stage } from './row.ts';

/** The usual kubeconfig as people write it. */
function text({ front }: Stage, user = 'token: T', cluster = ''): string {
  return `apiVersion: v1
kind: Config
current-context: c
clusters:
- name: cluster
  cluster:
    server: ${front.url}
    certificate-authority-data: ${Buffer.from(front.authority.cert).toString('base64')}${cluster}
users:
- name: jane
  user:
    ${user}
contexts:
- name: c
  context: {cluster: cluster, user: jane, namespace: team}
`;
}

function row(name: string, file: (stage: Stage) => string | Buffer, outcome: Outcome = {}): Row {
  return { name, outcome, given: (stage) => ({ kubeconfig: file(stage) }) };
}

export const dialectRows: readonly Row[] = [
  row('YAML', (stage) => text(stage)),
  row('JSON', (stage) => JSON.stringify(kubeconfig(stage), undefined, 2)),
  row('lines that end in CR LF', (stage) => text(stage).replaceAll('\n', '\r\n')),
  row('a byte order mark', (stage) => `\uFEFF${text(stage)}`),
  row('a byte order mark before JSON', (stage) => `\uFEFF${JSON.stringify(kubeconfig(stage))}`),
  row('UTF-16, little end first', (stage) => Buffer.from(`\uFEFF${text(stage)}`, 'utf16le')),
  row('UTF-16, big end first', (stage) => Buffer.from(`\uFEFF${text(stage)}`, 'utf16le').swap16()),
  row('UTF-16 without a mark', (stage) => Buffer.from(text(stage), 'utf16le'), 'refused'),
  row('Latin-1', (stage) => Buffer.from(`# f\u00fcr Jane\n${text(stage)}`, 'latin1'), 'refused'),
  row('UTF-8 beyond ASCII', (stage) => text(stage, 'token: T # f\u00fcr Jane \u2713')),
  row('a document between --- and ...', (stage) => `---\n${text(stage)}...\n`),
  row('comments and empty lines', (stage) => `\n# mine\n\n${text(stage)}\n  # end`),
  row('the first of two documents counts', (stage) => `${text(stage)}---\ncurrent-context: other\n`),
  row('an empty document before it', (stage) => `---\n# nothing\n---\n${text(stage)}`, 'refused'),
  row('an anchor and its alias', (stage) => text(stage, 'token: &t T\n    tokenFile: ""\n    as: *t'), {
    impersonate: ['user: T'],
  }),
  row('a merge key', (stage) => text(stage, '<<: {token: T, as: boss}\n    as: jane'), {
    impersonate: ['user: jane'],
  }),
  row('a merge key with a list', (stage) => text(stage, '<<: [{token: T, as: jane}, {as: boss}]'), {
    impersonate: ['user: jane'],
  }),
  row('the last of two equal keys counts', (stage) => text(stage, 'token: X\n    token: T')),
  row('yes for true', (stage) =>
    text(stage, undefined, '\n    insecure-skip-tls-verify: yes').replace(
      / +certificate-authority-data.*\n/,
      '',
    ),
  ),
  row('text in quotes', (stage) => text(stage, `"token": 'T'`)),
  row('a token of digits in quotes', (stage) => text(stage, 'token: "0123"'), {
    authorization: 'Bearer 0123',
  }),
  row('a token of digits', (stage) => text(stage, 'token: 0123'), 'refused'),
  row('a token that is the word yes', (stage) => text(stage, 'token: yes'), 'refused'),
  row('a token that is a date', (stage) => text(stage, 'token: 2020-01-01'), {
    authorization: 'Bearer 2020-01-01',
  }),
  row('a token like 1:30', (stage) => text(stage, 'token: 1:30'), { authorization: 'Bearer 1:30' }),
  row('a token like 1e3', (stage) => text(stage, 'token: 1e3'), 'refused'),
  row('a token like 1e+3', (stage) => text(stage, 'token: 1e+3'), 'refused'),
  row('a token like 0o7', (stage) => text(stage, 'token: 0o7'), 'refused'),
  row('a token like 0b1', (stage) => text(stage, 'token: 0b1'), 'refused'),
  row('a token like 1_000', (stage) => text(stage, 'token: 1_000'), 'refused'),
  row('a token that is null', (stage) => text(stage, 'token: ~\n    username: u\n    password: p'), {
    authorization: `Basic ${Buffer.from('u:p').toString('base64')}`,
  }),
  row('a token over two lines', (stage) => text(stage, 'token: >-\n      T\n      U'), {
    authorization: 'Bearer T U',
  }),
  row('base64 over several lines', (stage) =>
    text(stage).replace(/(certificate-authority-data: )(.{64})(.*)/, '$1|\n      $2\n      $3'),
  ),
  row(
    'base64 with spaces',
    (stage) => text(stage).replace(/(certificate-authority-data: .{64})/, '$1 '),
    'refused',
  ),
  row('a tab as indentation', (stage) => text(stage).replace('    server', '\tserver'), 'refused'),
  row('a list', () => '- a\n', 'refused'),
  row('a word', () => 'hello\n', 'refused'),
  row('nothing', () => '', 'refused'),
];
