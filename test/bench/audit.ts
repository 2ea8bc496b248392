/** Requests of the measured user, as the API server's audit log has them: each when it was answered. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/** A user that only what is measured is. */
export const measured = 'measured';

export interface AuditedRequest {
  readonly verb: string;
  /** Plural; undefined: discovery, health. */
  readonly resource: string | undefined;
  readonly subresource: string | undefined;
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
}

/** Begins to look; the function it resolves with tells what has been asked since, each time anew. */
export async function beginAudit(auditLog: string): Promise<() => Promise<AuditedRequest[]>> {
  const { size } = await stat(auditLog);
  return async () => {
    const log = await text(createReadStream(auditLog, { start: size }));
    return (
      log
        .split('\n')
        // The last one may be half written.
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditEvent)
        .filter(({ user }) => user.username === measured)
        .map(({ verb, objectRef }) => ({
          verb,
          resource: objectRef?.resource,
          subresource: objectRef?.subresource,
        }))
    );
  };
}
