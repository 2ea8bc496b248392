/** Flags, and every spelling of their values. */
import { certificate } from '../certificate.ts';

import { kubeconfig, type Given, type Outcome, type Row, type Stage } from './row.ts';

const jane = certificate({ name: 'jane', hosts: [] });

function row(
  flags: readonly string[],
  outcome: Outcome,
  more: Partial<Row> & { given?: (stage: Stage) => Given } = {},
): Row {
  return {
    ...{ name: flags.join(' '), outcome },
    ...more,
    given: (stage) => ({
      ...more.given?.(stage),
      flags: flags.map((flag) => flag.replace('SERVER', stage.front.url)),
    }),
  };
}

const second = (stage: Stage): Given => {
  const config = kubeconfig(stage);
  return {
    kubeconfig: {
      ...config,
      clusters: [...config.clusters, { name: 'gone', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [...config.users, { name: 'boss', user: { token: 'B', as: 'root', 'as-groups': ['g'] } }],
      contexts: [
        ...config.contexts,
        { name: 'other', context: { cluster: 'gone', user: 'boss', namespace: 'other' } },
      ],
    },
  };
};

const noAuthority = (stage: Stage): Given => ({
  kubeconfig: kubeconfig(stage, { cluster: { 'certificate-authority-data': undefined } }),
});

export const flagRows: readonly Row[] = [
  row(['-n', 'first'], { namespace: 'first' }),
  row(['-nfirst'], { namespace: 'first' }),
  row(['-n=first'], { namespace: 'first' }),
  row(['--namespace', 'first'], { namespace: 'first' }),
  row(['--namespace=first'], { namespace: 'first' }),
  row(['--namespace='], {}),
  row(['-n', 'other', '-n', 'first'], { namespace: 'first' }),
  row(['--namespace'], 'refused'),
  row(['--request-timeout=5'], {}),
  row(['--request-timeout=5s'], {}),
  row(['--request-timeout', '1m30s'], {}),
  row(['--request-timeout=1.5h'], {}),
  row(['--request-timeout=0'], {}),
  row(['--request-timeout=0s'], {}),
  row(['--request-timeout=90000ms'], {}),
  row(['--request-timeout='], {}),
  row(['--request-timeout=soon'], 'refused'),
  row(['--request-timeout=5 s'], 'refused'),
  row(['--request-timeout=1d'], 'refused'),
  row(['--insecure-skip-tls-verify'], {}, { given: noAuthority }),
  row(['--insecure-skip-tls-verify=true'], {}),
  row(['--insecure-skip-tls-verify=1'], {}, { given: noAuthority }),
  row(['--insecure-skip-tls-verify=t'], {}, { given: noAuthority }),
  row(['--insecure-skip-tls-verify=TRUE'], {}, { given: noAuthority }),
  row(['--insecure-skip-tls-verify=false'], 'refused', { given: noAuthority }),
  row(['--insecure-skip-tls-verify=F'], 'refused', { given: noAuthority }),
  row(['--insecure-skip-tls-verify=0'], {}),
  row(['--insecure-skip-tls-verify=yes'], 'refused'),
  row(['--insecure-skip-tls-verify='], 'refused'),
  row(['--no-insecure-skip-tls-verify'], 'refused'),
  row(
    ['--certificate-authority=ca.crt'],
    {},
    {
      given: (stage) => ({ ...noAuthority(stage), files: { 'ca.crt': stage.front.authority.cert } }),
    },
  ),
  row(['--certificate-authority=ca.crt', '--insecure-skip-tls-verify'], 'refused', {
    given: (stage) => ({ files: { 'ca.crt': stage.front.authority.cert } }),
  }),
  row(
    ['--client-certificate=jane.crt', '--client-key=jane.key'],
    { certificate: 'jane' },
    {
      given: () => ({ files: { 'jane.crt': jane.cert, 'jane.key': jane.key } }),
    },
  ),
  row(['--client-certificate=jane.crt'], 'refused', { given: () => ({ files: { 'jane.crt': jane.cert } }) }),
  row(
    ['--tls-server-name=api.internal'],
    { name: 'api.internal' },
    {
      given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: stage.front.otherName } }) }),
    },
  ),
  row(
    ['--server=SERVER'],
    {},
    { given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: 'https://127.0.0.1:1' } }) }) },
  ),
  row(
    ['-s', 'SERVER'],
    {},
    { given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: 'https://127.0.0.1:1' } }) }) },
  ),
  row(
    ['--server=SERVER'],
    { name: 'kube.example' },
    {
      name: '--server leaves out the tls-server-name of the kubeconfig',
      given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { 'tls-server-name': 'no.such' } }) }),
      outcome: {},
    },
  ),
  row(
    ['--server=SERVER', '--token=T', '--insecure-skip-tls-verify'],
    { namespace: 'default' },
    {
      name: '--server, --token and no kubeconfig',
      given: () => ({ env: { KUBECONFIG: 'none' } }),
    },
  ),
  row(['--token=secret'], { authorization: 'Bearer secret' }),
  row(['--token', '-x'], { authorization: 'Bearer -x' }),
  row(['--token='], {}),
  row(['--token=secret'], 'refused', {
    name: '--token beside a password of the kubeconfig',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { user: { username: 'u', password: 'p' } }) }),
    ours: {
      outcome: { authorization: 'Bearer secret' },
      because: 'the flag says which of the two counts',
    },
  }),
  row(['--as=boss'], { impersonate: ['user: boss'] }),
  row(['--as', 'boss', '--as-group', 'a,b', '--as-group=c', '--as-uid=7'], {
    impersonate: ['group: a,b', 'group: c', 'uid: 7', 'user: boss'],
  }),
  row(['--as-group=a'], 'refused', { says: /impersonat/ }),
  row(
    ['--user=boss', '--as=me'],
    { authorization: 'Bearer B', impersonate: ['group: g', 'user: me'] },
    {
      given: second,
      ours: {
        outcome: { authorization: 'Bearer B', impersonate: ['user: me'] },
        because: 'the groups in the kubeconfig are those of the user that it names, and may have more rights',
      },
    },
  ),
  row(
    ['--context=other', '--cluster=cluster'],
    {
      authorization: 'Bearer B',
      impersonate: ['group: g', 'user: root'],
      namespace: 'other',
    },
    { given: second },
  ),
  row(
    ['--user', 'boss'],
    { authorization: 'Bearer B', impersonate: ['group: g', 'user: root'] },
    { given: second },
  ),
  row(['--context='], {}),
  row(['--context=none'], 'refused', { says: /none/ }),
  row(['--cluster=none'], 'refused', { says: /none/ }),
  row(['--user=none'], 'refused', { says: /none/ }),
  row(
    ['--cluster=cluster', '--user=jane'],
    { namespace: 'default' },
    {
      given: (stage) => ({ kubeconfig: kubeconfig(stage, { top: { 'current-context': '' } }) }),
    },
  ),
  row(
    ['--kubeconfig=elsewhere'],
    {},
    {
      given: (stage) => ({ kubeconfig: 'a: [', files: { elsewhere: JSON.stringify(kubeconfig(stage)) } }),
    },
  ),
  row(['--kubeconfig=none'], 'refused', { says: /none/ }),
  row(['--kubeconfig='], {}),
  row(['--kubeconfig=config:second'], 'refused'),
  row(['--unknown'], 'refused'),
  row(['-v=0'], {}),
];
