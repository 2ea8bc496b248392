/**
 * Writes data to a small claim, takes a snapshot, restores it and compares the data. `remove-probe.ts` deletes the
 * objects.
 */
import type { Event, Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { events, jobs, persistentVolumeClaims, pods, volumeSnapshots } from '#src/api/resources.ts';
import { byName } from '#src/cluster/by-name.ts';
import type { Observed } from '#src/cluster/observe.ts';
import { waitFor, type WaitEnvironment, type Watch } from '#src/cluster/wait-for.ts';
import { newestEvents } from '#src/domain/describe/newest-events.ts';
import { snapshotProgress } from '#src/domain/backup/snapshot-progress.ts';
import { driverWords } from '#src/domain/driver-words.ts';
import {
  buildReader,
  buildRestored,
  buildSnapshotOfSource,
  buildSource,
  buildWriter,
  restoredName,
  sourceName,
  type ProbeWishes,
} from '#src/domain/probe/build-probe.ts';
import type { ProbeStep, StepName } from '#src/domain/probe/probe-step.ts';
import { jobState } from '#src/domain/session/job-state.ts';
import { assertNever } from '#src/errors.ts';

export interface ProbeEnvironment extends WaitEnvironment {
  /** When `signal` aborts by itself. */
  readonly until: Date;
  /** Called when the Job exists that owns all other objects. */
  readonly owned: (owner: Stored<Job>) => void;
  /** Called when a step begins, when it waits for something else, and when it has ended. */
  readonly onStep: (step: ProbeStep) => void;
}

/** Resolves when a step has failed, or all have succeeded. Rejects if the API server refuses a request. */
export async function runProbe(environment: ProbeEnvironment, wishes: ProbeWishes): Promise<void> {
  const { cluster } = environment;
  const { name } = wishes;
  const ofSource = `persistentvolumeclaim/${sourceName(wishes)}`;
  const ofRestored = `persistentvolumeclaim/${restoredName(wishes)}`;
  const owner = await cluster.create(jobs, buildWriter(wishes));
  environment.owned(owner);
  const written = await step(environment, 'write', ofSource, async (told) => {
    await cluster.create(persistentVolumeClaims, buildSource(wishes, owner));
    return untilRead(environment, { ...wishes, job: name, claim: sourceName(wishes) }, told);
  });
  if (written === undefined) return;
  const cut = await step(environment, 'snapshot', `volumesnapshot/${name}`, async (told) => {
    await cluster.create(volumeSnapshots, buildSnapshotOfSource(wishes, owner));
    return untilReady(environment, wishes, told);
  });
  if (cut === undefined) return;
  const read = await step(environment, 'restore', ofRestored, async (told) => {
    await cluster.create(persistentVolumeClaims, buildRestored(wishes, owner));
    const reader = await cluster.create(jobs, buildReader(wishes, owner));
    const at = { ...wishes, job: reader.metadata.name, claim: restoredName(wishes) };
    return untilRead(environment, at, told);
  });
  if (read === undefined) return;
  await step(environment, 'compare', ofRestored, () =>
    Promise.resolve(
      read === written
        ? { value: read }
        : { why: `the restored data has SHA-256 ${read}, and ${written} was written` },
    ),
  );
}

type Ended = { readonly value: string } | { readonly why: string };
type Told = (waits: string) => void;

/** Resolves with the step's value. Undefined if the step failed. */
async function step(
  { clock, onStep }: ProbeEnvironment,
  name: StepName,
  about: string,
  work: (told: Told) => Promise<Ended>,
): Promise<string | undefined> {
  const startedAt = clock.now();
  const took = () => clock.now().getTime() - startedAt.getTime();
  let last: string | undefined;
  const told = (waits: string) => {
    if (waits === last) return;
    last = waits;
    onStep({ name, about, state: 'running', waits, startedAt });
  };
  told('beginning');
  const ended = await work(told);
  if ('why' in ended) {
    onStep({ name, about, state: 'failed', why: ended.why, milliseconds: took() });
    return undefined;
  }
  onStep({ name, about, state: 'done', value: ended.value, milliseconds: took() });
  return ended.value;
}

/** Resolves with the termination message of the Job's pod: the SHA-256 of the data. */
function untilRead(
  environment: ProbeEnvironment,
  { namespace, job: name, claim }: ProbeWishes & { readonly job: string; readonly claim: string },
  told: Told,
): Promise<Ended> {
  return waitFor<Ended>(environment, (watch) => {
    const ofJob = watch(jobs, byName({ name, namespace }));
    const ofPods = watch(pods, { namespace, labelSelector: `job-name=${name}` });
    const warned = warningsOf(watch, namespace, claim);
    return () => {
      const job = ofJob.items.get(name);
      const all = [...ofPods.items.values()];
      if (job === undefined) return { result: { why: `job ${name} was deleted` } };
      const state = jobState(job, all);
      const driver = lastWords(warned);
      switch (state.state) {
        case 'succeeded': {
          const value = messageOf(all);
          if (value !== '') return { result: { value } };
          told('its pod has not been seen to end yet');
          break;
        }
        case 'failed':
          return { result: { why: `job ${name} failed: ${state.why}${driver}` } };
        case 'running':
          told(`pod ${state.pod} runs`);
          break;
        case 'waiting':
          told(`${state.why}${driver}`);
          break;
        default:
          return assertNever(state);
      }
      return { until: environment.until };
    };
  });
}

function untilReady(
  environment: ProbeEnvironment,
  { namespace, name }: ProbeWishes,
  told: Told,
): Promise<Ended> {
  return waitFor<Ended>(environment, (watch) => {
    const observed = watch(volumeSnapshots, byName({ name, namespace }));
    return () => {
      const snapshot = observed.items.get(name);
      if (snapshot === undefined) return { result: { why: `volumesnapshot ${name} was deleted` } };
      const { phase, message, size } = snapshotProgress(name, snapshot);
      if (phase === 'Succeeded') return { result: { value: size ?? 'unknown size' } };
      if (phase === 'Failed') return { result: { why: message ?? 'it failed' } };
      told(message ?? '');
      return { until: environment.until };
    };
  });
}

/** Watches Warnings about the claim. A user who may not read Events does not see the driver's errors. */
function warningsOf(watch: Watch, namespace: string, claim: string): Observed<Event> {
  const fieldSelector = `involvedObject.kind=PersistentVolumeClaim,involvedObject.name=${claim},type=Warning`;
  return watch(events, { namespace, fieldSelector }, { optional: true });
}

function lastWords({ items }: Observed<Event>): string {
  const [last] = newestEvents([...items.values()], 1);
  return last?.message === undefined ? '' : `; driver reports: ${driverWords(last.message)}`;
}

function messageOf(all: readonly Stored<Pod>[]): string {
  const messages = all.flatMap(({ status }) =>
    (status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated?.message ?? []),
  );
  const [sum = ''] = (messages[0] ?? '').trim().split(' ');
  return sum;
}
