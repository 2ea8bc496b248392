import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { defineCommand } from '#src/cli/command.ts';
import { ownImage } from '#src/cli/version.ts';
import { claimsFlag } from '#src/cli/flags.ts';
import { parseListenAddress } from '#src/operator/listen-address.ts';

export const command = defineCommand({
  name: 'operator run',
  usage: 'operator run [flags]',
  description: `Run the operator. It creates sessions by schedule, carries out all sessions of the cluster, or of the namespaces of --watch-namespaces, and applies retention policies. "kubectl stash install" runs it in the cluster.

Several operators may run at the same time: the holder of the Lease kubectl-stash-operator in its own namespace is active, and the others stand by. The operator serves /healthz, /readyz and /metrics, logs JSON on stdout, and on SIGTERM releases everything that it holds.`,
  examples: [
    '# Run it as the cluster does\nkubectl stash operator run -n kubectl-stash',
    '# Run it here, against the cluster of the kubeconfig, without Jobs\n' +
      'kubectl stash operator run --run-sessions=in-process --listen=:0',
  ],
  flags: {
    runSessions: {
      type: 'string',
      choices: ['in-jobs', 'in-process'],
      default: 'in-jobs',
      description:
        'Where sessions run: each in its own Job, or in this process, which needs fewer resources if hundreds are due at once.',
    },
    image: {
      type: 'string',
      default: ownImage,
      valueName: 'IMAGE',
      description: 'Image of the Jobs.',
    },
    imagePullPolicy: {
      type: 'string',
      choices: ['Always', 'IfNotPresent', 'Never'],
      description: "When the Jobs' image is pulled.",
    },
    listen: {
      type: 'string',
      default: ':8080',
      valueName: 'HOST:PORT',
      description: 'Address at which to serve health and metrics; port 0 takes a free port.',
    },
    leaderElect: {
      type: 'boolean',
      default: true,
      description: 'Work only while holding the Lease. With --leader-elect=false, no other operator may run.',
    },
    watchNamespaces: {
      type: 'string[]',
      commas: true,
      valueName: 'NAMESPACE',
      description: 'Work in these namespaces only; by default in all.',
    },
    maxFreeze: {
      type: 'duration',
      default: '60s',
      valueName: 'DURATION',
      description: 'How long a preBackup hook may keep an application quiesced.',
    },
    sessionsAtOnce: {
      type: 'number',
      default: 50,
      minimum: 1,
      valueName: 'N',
      description:
        'With --run-sessions=in-process: how many sessions run at the same time, up to half of them of one namespace.',
    },
    ...claimsFlag,
    coverageMetrics: {
      type: 'boolean',
      description:
        'Serve stash_claims_uncovered: how many claims of each namespace have no complete restore point.',
    },
    logLevel: {
      type: 'string',
      choices: ['debug', 'info', 'warn', 'error'],
      default: 'info',
      description: 'Log level.',
    },
  },
  async run({ flags, connection: where }, context) {
    const listen = parseListenAddress(flags.listen);
    const [{ createLog }, { reconcilers }, { runOperator }, { serve }] = await Promise.all([
      import('#src/operator/log.ts'),
      import('#src/operator/reconcilers.ts'),
      import('#src/operator/run-operator.ts'),
      import('#src/operator/serve.ts'),
    ]);
    const { runSessions, image, imagePullPolicy, leaderElect, maxFreeze } = flags;
    const { sessionsAtOnce, claimsPerSession, coverageMetrics, watchNamespaces, logLevel } = flags;
    const log = createLog(context.out, logLevel, context);
    const { cluster, namespace } = await context.cluster(where, (words) => {
      log.warn(words);
    });
    await runOperator(
      {
        cluster,
        clock: context,
        signal: context.signal,
        log,
        // A process that restarts in the same pod needs a new identity.
        id: `${context.env['POD_NAME'] ?? hostname()}-${randomUUID().slice(0, 8)}`,
        serve,
      },
      {
        ...{ runSessions, image, imagePullPolicy, namespace, listen, leaderElect },
        ...{ maxFreezeMs: maxFreeze, sessionsAtOnce, claimsPerSession, coverageMetrics },
        ...(watchNamespaces.length > 0 && { watchNamespaces }),
      },
      reconcilers,
    );
    return undefined;
  },
});
