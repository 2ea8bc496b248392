/**
 * Replaces our program in a container: prints how it was started and what the API answers it, or serves until
 * it is stopped.
 */
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';

import { load } from 'js-yaml';

interface Config {
  contexts: { context: { namespace: string } }[];
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { token: string } }[];
}

const path = process.env['KUBECONFIG'] ?? '';
const listen = process.argv.find((argument) => argument.startsWith('--listen='));

if (listen !== undefined) {
  const [host, port] = listen.slice('--listen='.length).split(':');
  const began = Date.now();
  const server = createServer(({ url }, response) => {
    const isWell = url === '/ready' ? Date.now() - began > 100 : url === '/live';
    response.writeHead(isWell ? 200 : 503).end();
  });
  server.listen(Number(port), host, () => {
    process.stdout.write(`listening ${listen}\n`);
  });
} else {
  const config = load(readFileSync(path, 'utf8')) as Config;
  const { cluster } = config.clusters[0] as Config['clusters'][number];
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const asked = request(
    `${cluster.server}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
    {
      method: 'POST',
      ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString(),
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${config.users[0]?.user.token ?? ''}`,
      },
    },
    (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        const { status } = JSON.parse(text) as { status: { userInfo: { username: string } } };
        const { POD_NAME, LABEL } = process.env;
        process.stdout.write(
          `${JSON.stringify({
            arguments: process.argv.slice(2),
            namespace: config.contexts[0]?.context.namespace,
            mode: (statSync(path).mode & 0o777).toString(8),
            user: status.userInfo.username,
            ...{ POD_NAME, LABEL },
          })}\n`,
        );
      });
    },
  );
  asked.end(JSON.stringify(body));
}
