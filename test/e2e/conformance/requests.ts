/** Bodies and headers for the conformance tests. */
import { text, type Answer, type Json } from '#test/support/json-client.ts';

export const mergePatch = { 'content-type': 'application/merge-patch+json' };
export const jsonPatch = { 'content-type': 'application/json-patch+json' };
export const strategicPatch = { 'content-type': 'application/strategic-merge-patch+json' };

/** Returns the spec of a workload without pods. */
export function idle(more: object = {}, podSpec: object = {}): object {
  return {
    replicas: 0,
    selector: { matchLabels: { app: 'idle' } },
    template: {
      metadata: { labels: { app: 'idle' } },
      spec: { containers: [{ name: 'c', image: 'busybox' }], ...podSpec },
    },
    ...more,
  };
}

/** Returns the spec of a claim that stays Pending. */
export function unbound(more: object = {}): object {
  return {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'nobody-binds-it',
    resources: { requests: { storage: '1Gi' } },
    ...more,
  };
}

/** Returns the fields of a refusal other than its message. */
export function refusalOf({ code, body }: Answer): unknown {
  const { name, group, kind } = body['details'] ?? {};
  return {
    code,
    status: body['status'],
    reason: body['reason'],
    name,
    ...(group !== undefined && { group }),
    kind,
  };
}

export function messageOf({ body }: Answer): string {
  return text(body['message']);
}

export function metadataOf({ body }: Answer): Json {
  return body['metadata'] as Json;
}
