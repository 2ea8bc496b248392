/** The credential plugin of a user, and the protocol that it speaks. */
import { certificate } from '../certificate.ts';

import { kubeconfig, type Changes, type Given, type Row, type Stage } from './row.ts';

const v1 = 'client.authentication.k8s.io/v1';
const v1beta1 = 'client.authentication.k8s.io/v1beta1';
const bot = certificate({ name: 'bot', hosts: [] });
const base64 = (text: string) => Buffer.from(text).toString('base64');

const answer = (status: object | undefined, apiVersion: string | undefined = v1) =>
  JSON.stringify({ apiVersion, kind: 'ExecCredential', status });

/** A plugin that keeps what it was given, prints a line to stderr, and prints `output`. */
function script(output: string, more = ''): string {
  return [
    '#!/bin/sh',
    'printf %s "$KUBERNETES_EXEC_INFO" > "${0%/*}/plugin"',
    'echo "open https://login.example" >&2',
    more,
    `printf %s '${output}'`,
    '',
  ].join('\n');
}

interface Plugin {
  readonly exec?: object;
  readonly output?: string;
  readonly more?: string;
  readonly changes?: (stage: Stage) => Changes;
  readonly user?: object;
  readonly given?: Partial<Given>;
}

function row(name: string, plugin: Plugin, outcome: Row['outcome'], more: Partial<Row> = {}): Row {
  const { exec, output = answer({ token: 'T' }), changes, user, given } = plugin;
  return {
    ...{ name, outcome },
    ...(plugin.given?.terminal === true && { needs: 'script' as const }),
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        ...changes?.(stage),
        user: {
          exec: { apiVersion: v1, command: './plug.sh', interactiveMode: 'IfAvailable', ...exec },
          ...user,
        },
      }),
      files: { 'plug.sh': script(output, plugin.more) },
      ...given,
    }),
    ...more,
  };
}

const info = (spec: object = { interactive: false }, apiVersion = v1) => ({
  plugin: { kind: 'ExecCredential', apiVersion, spec },
});

export const pluginRows: readonly Row[] = [
  row('a command with a slash, relative to a file named without a directory', {}, info(), {
    says: /open https:\/\/login\.example/,
  }),
  {
    name: 'a command with a slash, relative to a file elsewhere',
    given: (stage) => ({
      files: {
        'sub/config': JSON.stringify(
          kubeconfig(stage, {
            user: { exec: { apiVersion: v1, command: '../plug.sh', interactiveMode: 'Never' } },
          }),
        ),
        'plug.sh': script(answer({ token: 'T' })),
      },
      env: { KUBECONFIG: 'sub/config' },
    }),
    outcome: info(),
  },
  row('a command without a slash, from PATH', { exec: { command: 'sh', args: ['./plug.sh'] } }, info()),
  row(
    'args and env',
    {
      exec: {
        args: ['one two', "it's"],
        env: [
          { name: 'WHO', value: 'W' },
          { name: 'HOME', value: '/elsewhere' },
        ],
      },
      output: '',
      more: `printf '${answer({ token: '%s' })}' "$WHO-$HOME-$1-$2-$#"; exit`,
    },
    { ...info(), authorization: "Bearer W-/elsewhere-one two-it's-2" },
  ),
  row('args and env that are null', { exec: { args: null, env: null } }, info()),
  row(
    'v1beta1',
    { exec: { apiVersion: v1beta1 }, output: answer({ token: 'T' }, v1beta1) },
    info(undefined, v1beta1),
  ),
  row(
    'v1beta1 without interactiveMode',
    {
      exec: { apiVersion: v1beta1, interactiveMode: undefined },
      output: answer({ token: 'T' }, v1beta1),
    },
    info(undefined, v1beta1),
  ),
  row('v1 without interactiveMode', { exec: { interactiveMode: undefined } }, 'refused', {
    says: /interactiveMode/,
  }),
  row(
    'v1alpha1',
    {
      exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1' },
      output: answer({ token: 'T' }, 'client.authentication.k8s.io/v1alpha1'),
    },
    'refused',
    { says: /v1alpha1/ },
  ),
  row('no apiVersion', { exec: { apiVersion: undefined } }, 'refused', { says: /apiVersion/ }),
  row('no command', { exec: { command: undefined } }, 'refused', { says: /command/ }),
  row('a variable without a name', { exec: { env: [{ value: 'x' }] } }, 'refused'),
  row('interactiveMode of no known name', { exec: { interactiveMode: 'Sometimes' } }, 'refused', {
    says: /interactiveMode/,
  }),
  row('interactiveMode Never', { exec: { interactiveMode: 'Never' } }, info()),
  row('interactiveMode Always without a terminal', { exec: { interactiveMode: 'Always' } }, 'refused', {
    says: /terminal/,
  }),
  row(
    'stdin without a terminal does not reach the plugin',
    {
      output: '',
      more: `read typed; printf '${answer({ token: '%s' })}' "got$typed"; exit`,
      given: { stdin: 'secret\n' },
    },
    { ...info(), authorization: 'Bearer got' },
  ),
  row(
    'stdin is the terminal where there is one',
    {
      output: '',
      more: `read typed; printf '${answer({ token: '%s' })}' "got$typed"; exit`,
      given: { stdin: 'secret\n', terminal: true },
    },
    { ...info({ interactive: true }), authorization: 'Bearer gotsecret' },
    { says: /open https:\/\/login\.example/ },
  ),
  row(
    'interactiveMode Always with a terminal',
    {
      exec: { interactiveMode: 'Always' },
      output: '',
      more: `read typed; printf '${answer({ token: '%s' })}' "got$typed"; exit`,
      given: { stdin: 'secret\n', terminal: true },
    },
    { ...info({ interactive: true }), authorization: 'Bearer gotsecret' },
  ),
  row(
    'interactiveMode Never with a terminal',
    {
      exec: { interactiveMode: 'Never' },
      output: '',
      more: `read typed; printf '${answer({ token: '%s' })}' "got$typed"; exit`,
      given: { stdin: 'secret\n', terminal: true },
    },
    { ...info(), authorization: 'Bearer got' },
  ),
  {
    name: 'provideClusterInfo, with an authority in a file and a configuration of the plugin',
    given: (stage) => ({
      kubeconfig: kubeconfig(stage, {
        cluster: {
          server: stage.front.url,
          'certificate-authority-data': undefined,
          'certificate-authority': 'ca.crt',
          'tls-server-name': 'kube.example',
          'proxy-url': stage.proxies.http,
          'disable-compression': true,
          extensions: [{ name: v1.replace('/v1', '/exec'), extension: { audience: 'example' } }],
        },
        user: {
          exec: {
            ...{ apiVersion: v1, command: './plug.sh', interactiveMode: 'Never', provideClusterInfo: true },
          },
        },
      }),
      files: {
        'plug.sh': script(answer({ token: 'T' }))
          // What differs from run to run.
          .replace('> "${0%/*}/plugin"', `| sed 's/127.0.0.1:[0-9]*/HOST/g; s/"LS0[^"]*"/"CA"/' > plugin`),
        'ca.crt': stage.front.authority.cert,
      },
    }),
    outcome: {
      ...info({
        cluster: {
          server: 'https://HOST',
          'tls-server-name': 'kube.example',
          'certificate-authority-data': 'CA',
          'proxy-url': 'http://HOST',
          'disable-compression': true,
          config: { audience: 'example' },
        },
        interactive: false,
      }),
      name: 'kube.example',
      through: 'http the server',
    },
  },
  row(
    'a client certificate',
    {
      output: answer({ clientCertificateData: bot.cert, clientKeyData: bot.key }),
    },
    { ...info(), authorization: 'none', certificate: 'bot' },
  ),
  row(
    'a token and a client certificate',
    {
      output: answer({ token: 'T', clientCertificateData: bot.cert, clientKeyData: bot.key }),
    },
    { ...info(), certificate: 'bot' },
  ),
  row(
    'a client certificate without its key',
    { output: answer({ clientCertificateData: bot.cert }) },
    'refused',
  ),
  row('an answer without status', { output: answer(undefined) }, 'refused'),
  row('an answer with nothing in its status', { output: answer({}) }, 'refused'),
  row('an answer of another version', { output: answer({ token: 'T' }, v1beta1) }, 'refused', {
    says: /version/,
  }),
  row(
    'an answer without apiVersion',
    { output: '{"kind":"ExecCredential","status":{"token":"T"}}' },
    'refused',
  ),
  row(
    'an answer of another kind',
    { output: `{"apiVersion":"${v1}","kind":"Token","status":{"token":"T"}}` },
    'refused',
  ),
  row('an answer that is a word', { output: 'T' }, 'refused'),
  row(
    'an answer in YAML',
    {
      output: `apiVersion: ${v1}\nkind: ExecCredential\nstatus:\n  token: T\n`,
    },
    info(),
  ),
  row(
    'an answer with a token that has expired',
    {
      output: answer({ token: 'T', expirationTimestamp: '2020-01-01T00:00:00Z' }),
    },
    info(),
  ),
  row('a plugin that fails', { more: 'exit 3' }, 'refused', { says: /open https:\/\/login\.example[^]*3/ }),
  row(
    'a plugin that is not installed',
    {
      exec: { command: 'no-such-plugin', installHint: 'get it from example.org' },
    },
    'refused',
    { says: /no-such-plugin[^]*get it from example\.org/ },
  ),
  row('a plugin that is not a program', { exec: { command: './config' } }, 'refused', { says: /config/ }),
  row('a token beside it: the plugin is not run', { user: { token: 'T' } }, {}),
  row(
    'a password beside it: the plugin is not run',
    { user: { username: 'u', password: 'p' } },
    {
      authorization: `Basic ${base64('u:p')}`,
    },
  ),
  row(
    'a client certificate in the kubeconfig beside it: the plugin is not run',
    { user: { 'client-certificate-data': base64(bot.cert), 'client-key-data': base64(bot.key) } },
    { authorization: 'none', certificate: 'bot' },
  ),
  row('an auth-provider beside it', { user: { 'auth-provider': { name: 'oidc' } } }, 'refused'),
  row('--token beside it: the plugin is not run', { given: { flags: ['--token=T'] } }, {}),
];
