/** The fields of a user, without credential plugins. */
import { certificate } from '../certificate.ts';

import { kubeconfig, type Row } from './row.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const jane = certificate({ name: 'jane', hosts: [] });
const other = certificate({ name: 'other', hosts: [] });

function row(name: string, user: object, outcome: Row['outcome'], more: Partial<Row> = {}): Row {
  const files = { token: 'from a file\n', 'jane.crt': jane.cert, 'jane.key': jane.key };
  return {
    ...{ name, outcome },
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { user }), files }),
    ...more,
  };
}

/** A token of OpenID Connect that is valid until 2096. */
const idToken = `${base64('{"alg":"none"}')}.${base64('{"exp":4000000000}')}.x`.replaceAll('=', '');

const asksForPassword =
  'kubectl asks for a user name and a password where it has no credentials; API servers know none since 1.19';

export const userRows: readonly Row[] = [
  row('token', { token: 'secret' }, { authorization: 'Bearer secret' }),
  row('tokenFile', { tokenFile: 'token' }, { authorization: 'Bearer from a file' }),
  row('token and tokenFile', { token: 'x', tokenFile: 'token' }, { authorization: 'Bearer from a file' }),
  row('token, and a tokenFile that does not exist', { token: 'T', tokenFile: 'none' }, {}),
  row('a tokenFile that does not exist', { tokenFile: 'none' }, 'refused', { says: /none/ }),
  row('username and password', { username: 'u', password: 'p' }, { authorization: `Basic ${base64('u:p')}` }),
  row('username without password', { username: 'u' }, { authorization: `Basic ${base64('u:')}` }),
  row('token and password', { token: 'T', username: 'u', password: 'p' }, 'refused'),
  row(
    'token and client certificate',
    { token: 'T', 'client-certificate': 'jane.crt', 'client-key': 'jane.key' },
    {
      certificate: 'jane',
    },
  ),
  row(
    'client-certificate and client-key',
    { 'client-certificate': 'jane.crt', 'client-key': 'jane.key' },
    { authorization: 'none', certificate: 'jane' },
  ),
  row(
    'client-certificate-data and client-key-data',
    { 'client-certificate-data': base64(jane.cert), 'client-key-data': base64(jane.key) },
    { authorization: 'none', certificate: 'jane' },
  ),
  row(
    'client-certificate-data beside a file: the data counts',
    {
      'client-certificate': 'none.crt',
      'client-certificate-data': base64(jane.cert),
      'client-key': 'jane.key',
    },
    'refused',
    {
      ours: {
        outcome: { authorization: 'none', certificate: 'jane' },
        because: "kubectl's words are that the data counts; it does here",
      },
    },
  ),
  row('a client certificate without its key', { 'client-certificate': 'jane.crt' }, 'refused'),
  row(
    'a client certificate that does not exist',
    { token: 'T', 'client-certificate': 'none.crt', 'client-key': 'jane.key' },
    'refused',
    { says: /none\.crt/ },
  ),
  row(
    'a key of another certificate',
    { 'client-certificate': 'jane.crt', 'client-key-data': base64(other.key) },
    'refused',
  ),
  row('as', { token: 'T', as: 'boss' }, { impersonate: ['user: boss'] }),
  row(
    'as, as-groups, as-uid, as-user-extra',
    {
      ...{ token: 'T', as: 'boss', 'as-groups': ['g1', 'g2'], 'as-uid': '7' },
      'as-user-extra': { 'example.org/Scope': ['a', 'b'], plain: ['c'] },
    },
    {
      impersonate: [
        'extra-example.org%2fscope: a',
        'extra-example.org%2fscope: b',
        'extra-plain: c',
        'group: g1',
        'group: g2',
        'uid: 7',
        'user: boss',
      ],
    },
  ),
  row('as-groups without as', { token: 'T', 'as-groups': ['g'] }, 'refused', { says: /impersonat/ }),
  row(
    'auth-provider: gcp',
    { 'auth-provider': { name: 'gcp', config: { 'access-token': 'x' } } },
    'refused',
    {
      says: /gke-gcloud-auth-plugin/,
    },
  ),
  row(
    'auth-provider: azure',
    { 'auth-provider': { name: 'azure', config: { 'access-token': 'x' } } },
    'refused',
    {
      says: /kubelogin/,
    },
  ),
  row(
    'auth-provider of no known name',
    { 'auth-provider': { name: 'mine', config: { a: 'b' } } },
    'refused',
    {
      says: /mine/,
    },
  ),
  row(
    'auth-provider named as our own reader of files',
    {
      'auth-provider': { name: 'tokenFile', config: { tokenFile: 'token' } },
    },
    'refused',
  ),
  row(
    'auth-provider: oidc, with a token that is valid',
    {
      'auth-provider': {
        name: 'oidc',
        config: { 'client-id': 'c', 'idp-issuer-url': 'https://127.0.0.1:1', 'id-token': idToken },
      },
    },
    { authorization: `Bearer ${idToken}` },
  ),
  row(
    'auth-provider: oidc, without an issuer',
    {
      'auth-provider': { name: 'oidc', config: { 'client-id': 'c', 'id-token': idToken } },
    },
    'refused',
  ),
  row('no credentials', {}, 'refused', {
    ours: { outcome: { authorization: 'none' }, because: asksForPassword },
  }),
  {
    name: 'a user that does not exist',
    given: (stage) => ({ kubeconfig: kubeconfig(stage, { context: { user: 'gone' } }) }),
    outcome: 'refused',
  },
];
