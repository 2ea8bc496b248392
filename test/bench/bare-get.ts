/**
 * A baseline for `list`, in addition to kubectl: one GET by node:https and nothing else, the least that Node
 * needs. Arguments: a URL, a bearer token, a file with the server's CA.
 */
import { readFileSync } from 'node:fs';
import { get } from 'node:https';

const [url = '', token = '', ca = ''] = process.argv.slice(2);
get(url, { ca: readFileSync(ca), headers: { Authorization: `Bearer ${token}` } }, (answer) => {
  answer.setEncoding('utf8');
  let text = '';
  answer.on('data', (part: string) => (text += part));
  answer.on('end', () => {
    process.exitCode = answer.statusCode === 200 ? 0 : 1;
    process.stdout.write(text);
  });
});
