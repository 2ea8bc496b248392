/** Whether the webhook of external-snapshotter is left over, which its release 8 has no longer. */
import type { CustomResourceDefinition, Stored } from '#src/api/kubernetes.ts';
import { customResourceDefinitions, validatingWebhookConfigurations } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Finding } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { whereRead, type CheckOfCluster } from './check.ts';

/** As the manifests and charts of external-snapshotter 3 to 7 name it. */
const ofSnapshotter = /validation-webhook\.(?:group)?snapshot\.storage\.k8s\.io$/;

export const snapshotWebhook: CheckOfCluster = {
  name: 'snapshot-webhook',
  of: 'cluster',
  about:
    'No ValidatingWebhookConfiguration calls the snapshot-validation-webhook where the definitions of the snapshot API have rules of their own. external-snapshotter 8 has no such webhook: an old one refuses valid snapshots, and all of them where its server is gone.',
  rights: [
    { verb: 'list', resource: validatingWebhookConfigurations },
    { verb: 'get', resource: customResourceDefinitions },
  ],
  after: ['snapshot-api'],
  find: ({ webhooks: read, definitions }) => {
    // A server without the kind calls no webhooks.
    if ('unserved' in read) return [];
    return whereRead(read, (all) => {
      const old = all.filter(({ webhooks = [] }) => webhooks.some(({ name }) => ofSnapshotter.test(name)));
      if (old.length === 0) return [];
      return whereRead(definitions, (defined) =>
        defined.some(hasRules) ? old.map(({ metadata }) => leftOver(metadata.name)) : [],
      );
    });
  },
};

function hasRules({ spec }: Stored<CustomResourceDefinition>): boolean {
  return JSON.stringify(spec.versions).includes('"x-kubernetes-validations"');
}

function leftOver(name: string): Finding {
  return {
    level: 'warn',
    message: sanitize(
      `validatingwebhookconfiguration ${name} calls the snapshot-validation-webhook, which external-snapshotter 8 replaced by rules in its definitions`,
    ),
    fix: commandLine`kubectl delete validatingwebhookconfiguration ${name}`,
  };
}
