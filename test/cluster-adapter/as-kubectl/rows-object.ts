/** Files for `-f`: what kubectl makes of a manifest, we make of it too. */
import type { Outcome, Row } from './row.ts';

const source = '{apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: monday}';

/** A RestoreSession with two templates; the second has the lines `more` in its spec. */
function session(more = '', second = `spec: {<<: *same, storageClassName: sandbox${more}}`): string {
  return `apiVersion: stash.appscode.com/v1beta1
kind: RestoreSession
metadata:
  name: two-copies
spec:
  driver: VolumeSnapshotter
  target:
    volumeClaimTemplates:
    - metadata: {name: copy-a}
      spec: &same
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 1Gi}}
        dataSource: ${source}
    - metadata: {name: copy-b}
      ${second}
`;
}

const spec = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'monday' },
};
const withClass = (storageClassName: string) => ({
  templates: [
    { metadata: { name: 'copy-a' }, spec },
    { metadata: { name: 'copy-b' }, spec: { ...spec, storageClassName } },
  ],
});
const both = withClass('sandbox');

function row(name: string, object: string | Buffer, outcome: Outcome = both, more: Partial<Row> = {}): Row {
  return { name, outcome, given: () => ({ object }), ...more };
}

const plain = JSON.stringify({
  apiVersion: 'stash.appscode.com/v1beta1',
  kind: 'RestoreSession',
  metadata: { name: 'two-copies' },
  spec: { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates: both.templates } },
});

const withPort = (port: string) =>
  session().replace(
    '  driver: VolumeSnapshotter\n',
    `  driver: VolumeSnapshotter\n  hooks: {postRestore: {tcpSocket: {port: ${port}}}}\n`,
  );

export const objectRows: readonly Row[] = [
  row('a merge key', session()),
  row('a merge key with a list', session('', 'spec: {<<: [{storageClassName: sandbox}, *same]}')),
  row(
    'a merge key behind the key that it also has',
    session('', 'spec: {storageClassName: sandbox, <<: {<<: *same, storageClassName: x}}'),
    withClass('x'),
    {
      ours: { outcome: both, because: "YAML's rule is that a key wins over a merged one wherever it stands" },
    },
  ),
  row('JSON', plain),
  row('a byte order mark', `\uFEFF${session()}`),
  row('lines that end in CR LF', session().replaceAll('\n', '\r\n')),
  row('a comment in Latin-1', Buffer.from(`# f\u00fcr Jane\n${session()}`, 'latin1')),
  row('UTF-16, little end first', Buffer.from(`\uFEFF${session()}`, 'utf16le')),
  row('UTF-16, big end first', Buffer.from(`\uFEFF${session()}`, 'utf16le').swap16()),
  row('comments, and empty documents around it', `# mine\n---\n${session()}---\n# nothing\n---\n`),
  row('a List', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [JSON.parse(plain)] })),
  row('the last of two equal keys counts', session().replace('name: copy-b', 'name: x, name: copy-b')),
  row('a number in octal', withPort('010'), { ...both, port: 8 }),
  row('a number with an underscore', withPort('1_000'), { ...both, port: 1000 }),
  row(
    'yes where text belongs',
    session().replace('name: copy-b', 'name: copy-b, labels: {keep: yes}'),
    'refused',
  ),
  row('not YAML', 'a: [', 'refused'),
  row('nothing', '', 'refused'),
];
