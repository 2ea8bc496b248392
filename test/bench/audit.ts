/** Reads the measured user's requests from the API server's audit log, with the time of each answer. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/** Name of the user whose requests are measured; nothing else uses it. */
export const measured = 'measured';

export interface AuditedRequest {
  readonly verb: string;
  /** Plural; undefined for discovery and health checks. */
  readonly resource: string | undefined;
  readonly subresource: string | undefined;
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
}

/** Starts counting. Resolves with a function that returns all requests since then. */
export async function beginAudit(auditLog: string): Promise<() => Promise<AuditedRequest[]>> {
  const { size } = await stat(auditLog);
  return async () => {
    const log = await text(createReadStream(auditLog, { start: size }));
    return (
      log
        .split('\n')
        // The last line may be incomplete.
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
