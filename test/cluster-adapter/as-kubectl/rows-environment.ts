/** The environment: variables that lead to a kubeconfig, a server, a proxy or an authority. */
import { kubeconfig, type Row, type Stage } from './row.ts';

const withoutAuthority = (stage: Stage) =>
  kubeconfig(stage, { cluster: { 'certificate-authority-data': undefined } });

const behindProxy = (stage: Stage) => kubeconfig(stage, { cluster: { server: 'https://kube.example' } });

const throughHttp = { name: 'kube.example', through: 'http kube.example:443' };

function proxied(name: string, env: (stage: Stage) => Record<string, string>, outcome: Row['outcome']): Row {
  return { name, outcome, given: (stage) => ({ kubeconfig: behindProxy(stage), env: env(stage) }) };
}

const accountFiles = (stage: Stage) => ({
  'account/token': 'of the pod\n',
  'account/namespace': 'other\n',
  'account/ca.crt': stage.front.authority.cert,
});

const inPod = (stage: Stage) => ({
  files: accountFiles(stage),
  mounts: { '/var/run/secrets/kubernetes.io/serviceaccount': 'account' },
  env: {
    KUBECONFIG: '',
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(stage.front.port),
  },
});

export const environmentRows: readonly Row[] = [
  {
    name: 'HOME: ~/.kube/config',
    given: (stage) => ({
      kubeconfig: '',
      files: { 'home/.kube/config': JSON.stringify(kubeconfig(stage)) },
      env: { KUBECONFIG: '' },
    }),
    outcome: {},
  },
  {
    name: 'neither KUBECONFIG nor a file at HOME',
    given: () => ({ env: { KUBECONFIG: '' } }),
    outcome: 'refused',
  },
  {
    name: 'KUBECONFIG hides ~/.kube/config',
    given: () => ({ files: { 'home/.kube/config': 'a: [' } }),
    outcome: {},
  },
  {
    name: 'SSL_CERT_FILE',
    given: (stage) => ({
      kubeconfig: withoutAuthority(stage),
      files: { 'ca.pem': stage.front.authority.cert },
      env: { SSL_CERT_FILE: 'ca.pem' },
    }),
    outcome: {},
  },
  {
    name: 'SSL_CERT_FILE with an intermediate',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: { server: stage.front.leafOnly, 'certificate-authority-data': undefined },
      }),
      files: { 'ca.pem': stage.front.intermediate.cert },
      env: { SSL_CERT_FILE: 'ca.pem' },
    }),
    outcome: {},
  },
  {
    name: 'SSL_CERT_DIR with two directories, of which one does not exist',
    given: (stage) => ({
      kubeconfig: withoutAuthority(stage),
      files: { 'certs/0a1b2c.0': stage.front.authority.cert, 'certs/README': 'hello' },
      env: { SSL_CERT_DIR: 'none:certs' },
    }),
    outcome: {},
  },
  {
    name: 'the bundle of the system',
    needs: 'unshare',
    given: (stage) => ({
      kubeconfig: withoutAuthority(stage),
      files: { 'certs/ca-certificates.crt': stage.front.authority.cert },
      mounts: { '/etc/ssl/certs': 'certs' },
    }),
    outcome: {},
  },
  {
    name: 'a file in the directory of the system',
    needs: 'unshare',
    given: (stage) => ({
      kubeconfig: withoutAuthority(stage),
      files: { 'certs/corporate.pem': stage.front.authority.cert },
      mounts: { '/etc/ssl/certs': 'certs' },
      env: { SSL_CERT_FILE: 'none' },
    }),
    outcome: {},
  },
  {
    name: 'an authority that the system does not know',
    given: (stage) => ({ kubeconfig: withoutAuthority(stage) }),
    outcome: 'refused',
    says: /unknown authority/,
  },
  {
    name: 'SSL_CERT_FILE adds nothing to the authority of the kubeconfig',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: {
          'certificate-authority-data': Buffer.from(stage.front.root.cert).toString('base64'),
        },
      }),
      files: { 'ca.pem': stage.front.authority.cert },
      env: { SSL_CERT_FILE: 'ca.pem' },
    }),
    outcome: 'refused',
    says: /unknown authority/,
  },
  proxied('HTTPS_PROXY', ({ proxies }) => ({ HTTPS_PROXY: proxies.http }), throughHttp),
  proxied('https_proxy', ({ proxies }) => ({ https_proxy: proxies.http }), throughHttp),
  proxied(
    'HTTPS_PROXY without a scheme',
    ({ proxies }) => ({ HTTPS_PROXY: proxies.http.replace('http://', '') }),
    throughHttp,
  ),
  proxied(
    'HTTPS_PROXY before https_proxy',
    ({ proxies }) => ({ HTTPS_PROXY: proxies.http, https_proxy: 'http://127.0.0.1:1' }),
    throughHttp,
  ),
  proxied('HTTPS_PROXY: socks5', ({ proxies }) => ({ HTTPS_PROXY: proxies.socks }), {
    name: 'kube.example',
    through: 'socks kube.example',
  }),
  proxied('HTTPS_PROXY: https', ({ proxies }) => ({ HTTPS_PROXY: proxies.https }), {
    name: 'kube.example',
    through: 'https kube.example:443',
  }),
  proxied('HTTP_PROXY alone', ({ proxies }) => ({ HTTP_PROXY: proxies.http }), 'refused'),
  proxied('ALL_PROXY alone', ({ proxies }) => ({ ALL_PROXY: proxies.http }), 'refused'),
  proxied(
    'NO_PROXY names the server',
    ({ proxies }) => ({ HTTPS_PROXY: proxies.http, NO_PROXY: 'a.example, kube.example' }),
    'refused',
  ),
  proxied(
    'no_proxy names its domain',
    ({ proxies }) => ({ HTTPS_PROXY: proxies.http, no_proxy: 'example' }),
    'refused',
  ),
  proxied('NO_PROXY: *', ({ proxies }) => ({ HTTPS_PROXY: proxies.http, NO_PROXY: '*' }), 'refused'),
  proxied(
    'NO_PROXY names another port',
    ({ proxies }) => ({ HTTPS_PROXY: proxies.http, NO_PROXY: 'kube.example:6443' }),
    throughHttp,
  ),
  {
    name: 'HTTPS_PROXY is not used for this machine',
    given: () => ({ env: { HTTPS_PROXY: 'http://127.0.0.1:1' } }),
    outcome: {},
  },
  {
    name: 'proxy-url before HTTPS_PROXY, whatever NO_PROXY says',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: { server: 'https://kube.example', 'proxy-url': stage.proxies.http },
      }),
      env: { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' },
    }),
    outcome: throughHttp,
  },
  {
    name: 'KUBERNETES_SERVICE_HOST: the service account of the pod',
    needs: 'unshare',
    given: inPod,
    outcome: { authorization: 'Bearer of the pod', namespace: 'other' },
  },
  {
    name: 'KUBERNETES_SERVICE_HOST: POD_NAMESPACE before the namespace of the account',
    needs: 'unshare',
    given: (stage) => {
      const pod = inPod(stage);
      return { ...pod, env: { ...pod.env, POD_NAMESPACE: 'first' } };
    },
    outcome: { authorization: 'Bearer of the pod', namespace: 'first' },
  },
  {
    name: 'KUBERNETES_SERVICE_HOST: -n before the namespace of the account',
    needs: 'unshare',
    given: (stage) => ({ ...inPod(stage), flags: ['-n', 'first'] }),
    outcome: { authorization: 'Bearer of the pod', namespace: 'first' },
  },
  {
    name: 'KUBERNETES_SERVICE_HOST: a kubeconfig is used before the service account',
    needs: 'unshare',
    given: (stage) => {
      const pod = inPod(stage);
      return { ...pod, env: { ...pod.env, KUBECONFIG: 'config' } };
    },
    outcome: {},
  },
  {
    name: 'KUBERNETES_SERVICE_HOST without a service account',
    given: ({ front }) => ({
      env: {
        KUBECONFIG: '',
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: String(front.port),
      },
    }),
    outcome: 'refused',
  },
  {
    name: 'KUBECTL_COMMAND_HEADERS, LANG and TZ change nothing',
    given: () => ({ env: { KUBECTL_COMMAND_HEADERS: 'false', LANG: 'de_DE.UTF-8', TZ: 'Asia/Tokyo' } }),
    outcome: {},
  },
];
