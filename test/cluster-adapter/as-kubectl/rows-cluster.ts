/** The fields of a cluster and of a context, and how several files are merged. */
import { kubeconfig, type Row } from './row.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const withoutAuthority = { 'certificate-authority-data': undefined };

export const clusterRows: readonly Row[] = [
  { name: 'certificate-authority-data', given: () => ({}), outcome: {} },
  {
    name: 'certificate-authority, relative to the file',
    given: (stage) => ({
      kubeconfig: {},
      files: {
        'sub/config': JSON.stringify(
          kubeconfig(stage, { cluster: { ...withoutAuthority, 'certificate-authority': 'ca.crt' } }),
        ),
        'sub/ca.crt': stage.front.authority.cert,
      },
      env: { KUBECONFIG: 'sub/config' },
    }),
    outcome: {},
  },
  {
    name: 'certificate-authority that does not exist',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: { ...withoutAuthority, 'certificate-authority': 'none.crt' },
      }),
    }),
    outcome: 'refused',
    says: /none\.crt/,
  },
  {
    name: 'certificate-authority beside certificate-authority-data: the data counts',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { 'certificate-authority': 'root.crt' } }),
      files: { 'root.crt': stage.front.root.cert },
    }),
    outcome: 'refused',
    ours: { outcome: {}, because: "kubectl's words are that the data counts; it does here" },
  },
  {
    name: 'certificate-authority-data that is not base64',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { 'certificate-authority-data': '***' } }),
    }),
    outcome: 'refused',
  },
  {
    name: 'certificate-authority-data that is no certificate',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { 'certificate-authority-data': base64('hello') } }),
    }),
    outcome: 'refused',
  },
  {
    name: 'an authority among text and other authorities',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: {
          'certificate-authority-data': base64(
            `# ours\n${stage.front.root.cert}\nsubject: CN=authority\n${stage.front.authority.cert}`,
          ),
        },
      }),
    }),
    outcome: {},
  },
  {
    name: 'an authority that is an intermediate',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: {
          server: stage.front.leafOnly,
          'certificate-authority-data': base64(stage.front.intermediate.cert),
        },
      }),
    }),
    outcome: {},
  },
  {
    name: 'the root of a chain whose intermediate is missing',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: {
          server: stage.front.leafOnly,
          'certificate-authority-data': base64(stage.front.root.cert),
        },
      }),
    }),
    outcome: 'refused',
    says: /unknown authority/,
  },
  {
    name: 'insecure-skip-tls-verify',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { ...withoutAuthority, 'insecure-skip-tls-verify': true } }),
    }),
    outcome: {},
  },
  {
    name: 'insecure-skip-tls-verify beside an authority',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { 'insecure-skip-tls-verify': true } }),
    }),
    outcome: 'refused',
    says: /insecure/,
  },
  {
    name: 'tls-server-name',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: { server: stage.front.otherName, 'tls-server-name': 'api.internal' },
      }),
    }),
    outcome: { name: 'api.internal' },
  },
  {
    name: 'a certificate for another name',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: stage.front.otherName } }) }),
    outcome: 'refused',
  },
  {
    name: 'a certificate with a common name and no other',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: stage.front.commonName } }) }),
    outcome: 'refused',
  },
  {
    name: 'an expired certificate',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: stage.front.expired } }) }),
    outcome: 'refused',
    says: /expired/,
  },
  {
    name: 'a server over plain http: no secret is sent',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: stage.front.plain } }) }),
    outcome: { authorization: 'none' },
  },
  {
    name: 'a server that ends in a slash',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: `${stage.front.url}/` } }) }),
    outcome: {},
  },
  {
    name: 'a server without a scheme',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { server: `127.0.0.1:${stage.front.port}` } }),
    }),
    outcome: 'refused',
    ours: {
      outcome: {},
      because: 'kubectl speaks plain http to it, and servers of today speak https',
    },
  },
  {
    name: 'a cluster without a server',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { server: undefined } }) }),
    outcome: 'refused',
  },
  {
    name: 'disable-compression',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { cluster: { 'disable-compression': true } }) }),
    outcome: {},
  },
  {
    name: 'proxy-url: http',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { 'proxy-url': stage.proxies.http } }),
    }),
    outcome: { through: 'http the server' },
  },
  {
    name: 'proxy-url: http, with a password',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: {
          server: 'https://kube.example',
          'proxy-url': stage.proxies.http.replace('://', '://me:p%40ss@'),
        },
      }),
    }),
    outcome: { name: 'kube.example', through: `http kube.example:443 Basic ${base64('me:p@ss')}` },
  },
  {
    name: 'proxy-url: https, whose certificate the same authority signs',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: { server: 'https://kube.example', 'proxy-url': stage.proxies.https },
      }),
    }),
    outcome: { name: 'kube.example', through: 'https kube.example:443' },
  },
  {
    name: 'proxy-url: socks5, which resolves the name',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: { server: 'https://kube.example', 'proxy-url': stage.proxies.socks },
      }),
    }),
    outcome: { name: 'kube.example', through: 'socks kube.example' },
  },
  {
    name: 'proxy-url of another kind',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { 'proxy-url': 'ftp://127.0.0.1:1' } }),
    }),
    outcome: 'refused',
    says: /proxy/,
  },
  {
    name: 'an empty namespace',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { context: { namespace: '' } }) }),
    outcome: { namespace: 'default' },
  },
  {
    name: 'no namespace',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { context: { namespace: undefined } }) }),
    outcome: { namespace: 'default' },
  },
  {
    name: 'a null where a value belongs',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: { 'tls-server-name': null, 'proxy-url': null },
        user: { token: 'T', exec: null, as: null, 'as-groups': null },
        context: { namespace: null },
      }),
    }),
    outcome: { namespace: 'default' },
  },
  {
    name: 'no current context',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { top: { 'current-context': undefined } }) }),
    outcome: 'refused',
  },
  {
    name: 'an empty current context',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { top: { 'current-context': '' } }) }),
    outcome: 'refused',
  },
  {
    name: 'a current context that does not exist',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { top: { 'current-context': 'gone' } }) }),
    outcome: 'refused',
    says: /gone/,
  },
  {
    name: 'a context whose cluster does not exist',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { context: { cluster: 'gone' } }) }),
    outcome: 'refused',
  },
  {
    name: 'two clusters of one name in a file',
    given: (stage) => {
      const config = kubeconfig(stage);
      return { kubeconfig: { ...config, clusters: [...config.clusters, ...config.clusters] } };
    },
    outcome: 'refused',
  },
  {
    name: 'fields that do not exist',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { colour: 'blue' }, top: { preferences: {}, extra: [1] } }),
    }),
    outcome: {},
  },
  {
    name: 'another kind of object',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { top: { kind: 'Pod' } }) }),
    outcome: 'refused',
  },
  {
    name: 'another version of the format',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { top: { apiVersion: 'v2' } }) }),
    outcome: 'refused',
  },
  {
    name: 'neither kind nor version',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { top: { kind: undefined, apiVersion: undefined } }),
    }),
    outcome: {},
  },
  {
    name: 'a number where text belongs',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { user: { token: 12345 } }) }),
    outcome: 'refused',
  },
  {
    name: 'text where yes or no belongs',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, { cluster: { ...withoutAuthority, 'insecure-skip-tls-verify': 'true' } }),
    }),
    outcome: 'refused',
  },
  {
    name: 'KUBECONFIG: two files, of which the first wins',
    given: (stage) => ({
      kubeconfig: {
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'cluster', user: 'jane', namespace: 'first' } }],
      },
      files: {
        second: JSON.stringify(kubeconfig(stage, { top: { 'current-context': 'other' } })),
      },
      env: { KUBECONFIG: 'config:second' },
    }),
    outcome: { namespace: 'first' },
  },
  {
    name: 'KUBECONFIG: an entry of the first file hides the whole entry of the second',
    given: (stage) => ({
      kubeconfig: { users: [{ name: 'jane', user: { as: 'boss' } }] },
      files: { second: JSON.stringify(kubeconfig(stage, { user: { token: 'T', 'as-groups': ['g'] } })) },
      env: { KUBECONFIG: 'config:second' },
      stdin: '',
    }),
    outcome: 'refused',
    ours: {
      outcome: { authorization: 'none', impersonate: ['user: boss'] },
      because: 'kubectl asks for a user name and a password where it has no credentials, and gets none',
    },
  },
  {
    name: 'KUBECONFIG: missing files and empty names are left out',
    given: () => ({ env: { KUBECONFIG: ':none:config:' } }),
    outcome: {},
  },
  {
    name: 'KUBECONFIG: an empty file among others',
    given: () => ({ files: { empty: '' }, env: { KUBECONFIG: 'empty:config' } }),
    outcome: {},
  },
  {
    name: 'KUBECONFIG: a file that is not YAML among others',
    given: () => ({ files: { bad: 'a: [' }, env: { KUBECONFIG: 'config:bad' } }),
    outcome: 'refused',
    says: /bad/,
  },
  {
    name: 'KUBECONFIG: nothing but missing files',
    given: () => ({ env: { KUBECONFIG: 'none' } }),
    outcome: 'refused',
  },
  {
    name: 'KUBECONFIG: relative paths count from the directory of their own file',
    given: (stage) => ({
      kubeconfig: {
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'cluster', user: 'jane', namespace: 'team' } }],
        users: [{ name: 'jane', user: { tokenFile: 'token' } }],
      },
      files: {
        token: 'T',
        'sub/config': JSON.stringify(
          kubeconfig(stage, { cluster: { ...withoutAuthority, 'certificate-authority': '../ca.crt' } }),
        ),
        'ca.crt': stage.front.authority.cert,
      },
      env: { KUBECONFIG: 'config:sub/config' },
    }),
    outcome: {},
  },
];
