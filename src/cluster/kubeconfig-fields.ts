/** PURE. The fields of a kubeconfig that this program reads, and their types. kubectl refuses a value of another type. */

interface Fields {
  readonly [name: string]: keyof typeof words | Fields;
}

const words = {
  text: 'text; put it into quotes',
  switch: 'true or false',
  base64: 'base64',
  texts: 'a list of texts',
  variables: 'a list of names and values',
  extra: 'lists of texts by name',
  list: 'a list',
} as const;

export const clusterFields = {
  server: 'text',
  'tls-server-name': 'text',
  'insecure-skip-tls-verify': 'switch',
  'certificate-authority': 'text',
  'certificate-authority-data': 'base64',
  'proxy-url': 'text',
  'disable-compression': 'switch',
  extensions: 'list',
} as const satisfies Fields;

export const userFields = {
  'client-certificate': 'text',
  'client-certificate-data': 'base64',
  'client-key': 'text',
  'client-key-data': 'base64',
  token: 'text',
  tokenFile: 'text',
  username: 'text',
  password: 'text',
  as: 'text',
  'as-uid': 'text',
  'as-groups': 'texts',
  'as-user-extra': 'extra',
  exec: {
    apiVersion: 'text',
    command: 'text',
    args: 'texts',
    env: 'variables',
    installHint: 'text',
    provideClusterInfo: 'switch',
    interactiveMode: 'text',
  },
  'auth-provider': { name: 'text', config: {} },
} as const satisfies Fields;

export const contextFields = { cluster: 'text', user: 'text', namespace: 'text' } as const satisfies Fields;

export const topFields = {
  apiVersion: 'text',
  kind: 'text',
  'current-context': 'text',
  clusters: 'list',
  users: 'list',
  contexts: 'list',
} as const satisfies Fields;

/** An entry without its empty values: as with kubectl, null and "" are the same as no value. */
export function readFields(
  entry: Readonly<Record<string, unknown>>,
  fields: Fields,
  where: string,
  refuse: (why: string) => Error,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(entry).flatMap(([name, value]) => {
      if (value === null || value === '') return [];
      const type = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (type === undefined) return [[name, value]];
      const path = `${where}${name}`;
      if (typeof type === 'object') {
        if (!isRecord(value)) throw refuse(`${path} must be an object`);
        return [[name, readFields(value, type, `${path}.`, refuse)]];
      }
      if (!isOfType[type](value)) throw refuse(`${path} must be ${words[type]}`);
      return [[name, value]];
    }),
  );
}

const isText = (value: unknown) => typeof value === 'string';
const areTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

const isOfType: Readonly<Record<keyof typeof words, (value: unknown) => boolean>> = {
  text: isText,
  switch: (value) => typeof value === 'boolean',
  // As with Go, lines may be broken.
  base64: (value) => typeof value === 'string' && isBase64(value.replace(/[\r\n]/g, '')),
  texts: areTexts,
  variables: (value) =>
    Array.isArray(value) &&
    value.every(
      (each) => isRecord(each) && [each['name'], each['value']].every((it) => it === undefined || isText(it)),
    ),
  extra: (value) => isRecord(value) && Object.values(value).every(areTexts),
  list: Array.isArray,
};

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
