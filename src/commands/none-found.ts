/** What commands that list something say where there is nothing. */
import type { Writable } from 'node:stream';

import { printLine } from '#src/cli/print-line.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

interface Place {
  readonly cluster: Cluster;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly err: Writable;
}

/** Prints `No WHAT found in demo namespace.`, with `more` before the stop. Rejects with 'not-found' if that does not exist. */
export async function tellNoneFound(
  what: string,
  { cluster, namespace, err }: Place,
  more = '',
): Promise<void> {
  if (namespace !== undefined) await readerOf(cluster, namespace).namespaceExists();
  const where = namespace === undefined ? 'any namespace' : `${namespace} namespace`;
  printLine(err, `No ${what} found in ${where}${more}.`);
}
