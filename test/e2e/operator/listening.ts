/**
 * An application that answers HTTP in its own pod: by busybox' web server if the container runs its image, by
 * Node if its shell runs on this machine.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import type { Workload } from '#src/api/kubernetes.ts';
import { deployment, mountPath } from '#test/e2e/manifests.ts';
import type { Place } from '#test/e2e/place.ts';

const app = 'stash-demo';
const data = mountPath('data');
const answer = 'the database is busy';

/** On the sandbox all pods share this machine's address. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Returns Deployment `stash-demo` with claim `data`; it answers `/cgi-bin/freeze` and `/cgi-bin/thaw`, and is
 * ready once it does.
 */
export function listening(port: number, status = '200 OK'): Workload {
  const made = deployment(app, ['data']);
  const [container] = made.spec.template.spec.containers;
  if (container === undefined) throw new Error('the deployment has no container');
  container.args = [
    [
      `if [ -x '${process.execPath}' ]`,
      `then exec '${process.execPath}' -e '${byNode(port, status)}'`,
      `fi`,
      byBusybox(port, status),
    ].join('\n'),
  ];
  container.readinessProbe = { tcpSocket: { port }, periodSeconds: 1 };
  return made;
}

/** Resolves with the requests that it received, in order, such as `GET /cgi-bin/thaw`. */
export async function requestsTo(place: Place): Promise<string[]> {
  const [pod = ''] = await place.running(app);
  return (await place.sh(pod, `cat ${data}/heard`)).split('\n');
}

function byNode(port: number, status: string): string {
  return [
    `const { appendFileSync } = require("node:fs");`,
    `require("node:http").createServer((request, response) => {`,
    `appendFileSync("${data}/heard", request.method + " " + request.url + "\\n");`,
    `response.writeHead(${Number.parseInt(status, 10)}).end("${answer}");`,
    `}).listen(${port}, "127.0.0.1");`,
  ].join(' ');
}

function byBusybox(port: number, status: string): string {
  const script = [
    '#!/bin/sh',
    `echo "$REQUEST_METHOD $SCRIPT_NAME" >> ${data}/heard`,
    `printf "Status: ${status}\\r\\nContent-Type: text/plain\\r\\n\\r\\n${answer}"`,
  ].join('\n');
  return [
    'mkdir -p /www/cgi-bin',
    `for name in freeze thaw`,
    `do printf '%s\\n' '${script}' > /www/cgi-bin/$name`,
    'chmod +x /www/cgi-bin/$name',
    'done',
    `exec httpd -f -p ${port} -h /www`,
  ].join('\n');
}
