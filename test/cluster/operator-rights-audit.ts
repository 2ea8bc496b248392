/** Reads our accounts' requests from the API server's audit log. */
import { readFile } from 'node:fs/promises';

export interface AuditedRequest {
  /** For example `system:serviceaccount:NAMESPACE:NAME`. */
  readonly user: string;
  /** For example `patch backupsessions.stash.appscode.com/status`. */
  readonly right: string;
  /** The ClusterRole or Role that allowed the request; undefined if it was refused. */
  readonly role: string | undefined;
  readonly namespace: string | undefined;
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly impersonatedUser?: object;
  readonly objectRef?: {
    readonly resource: string;
    readonly apiGroup?: string;
    readonly subresource?: string;
    readonly namespace?: string;
  };
  readonly annotations?: Readonly<Record<string, string>>;
}

const ours = /^system:serviceaccount:(?:kubectl-stash:kubectl-stash-operator|[^:]+:stash(?:\.restore)?-.*)$/;

export async function readAuditedRequests(auditLog: string): Promise<AuditedRequest[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n');
  // The last line may be incomplete.
  return lines.slice(0, -1).flatMap((line) => {
    const { verb, user, impersonatedUser, objectRef, annotations = {} } = JSON.parse(line) as AuditEvent;
    if (!ours.test(user.username) || impersonatedUser !== undefined || objectRef === undefined) return [];
    const { resource, apiGroup = '', subresource, namespace } = objectRef;
    const isAllowed = annotations['authorization.k8s.io/decision'] === 'allow';
    const [, role] =
      / of (?:Cluster)?Role "([^"]+)"/.exec(annotations['authorization.k8s.io/reason'] ?? '') ?? [];
    const qualified = `${resource}${apiGroup === '' ? '' : `.${apiGroup}`}`;
    const right = `${verb} ${qualified}${subresource === undefined ? '' : `/${subresource}`}`;
    return [{ user: user.username, right, role: isAllowed ? role : undefined, namespace }];
  });
}
