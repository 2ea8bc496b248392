/** Answers `__complete`, which shells and kubectl call: one candidate per line, then `:DIRECTIVE` as cobra prints it. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  restoreSessions,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { isPlain } from '#src/domain/command-line.ts';
import { readSwapped } from '#src/domain/in-place/swapped-volume.ts';
import { assertNever } from '#src/errors.ts';
import type { CommandEntry, Completes } from './command.ts';
import { questionOf, type Candidate, type Question } from './complete.ts';
import type { Context } from './context.ts';

/** Bits of cobra's directive. */
const noSpace = 2;
const noFiles = 4;

/** No user waits longer after a Tab. A credential plugin that fetches a token may need most of this time. */
const patienceMs = 5_000;

const kinds: Readonly<
  Record<Exclude<Completes, Resource | 'restore-point' | 'session' | 'kept-session'>, Resource>
> = {
  namespace: namespaces,
  configuration: backupConfigurations,
  backupsession: backupSessions,
  claim: persistentVolumeClaims,
  'snapshot-class': volumeSnapshotClasses,
  'storage-class': storageClasses,
};

/** `words` are the arguments of the program; the last is at the cursor. Never rejects: leaves out names it cannot read. */
export async function answerCompletion(
  words: readonly string[],
  context: Context,
  commands: readonly CommandEntry[],
): Promise<void> {
  const current = words.at(-1) ?? '';
  const question = await questionOf(words.slice(0, -1), current, commands).catch((): Question => ({
    ask: 'nothing',
  }));
  const found = (await candidates(question, context)).filter(({ text }) => text.startsWith(current));
  const open = found.length > 0 && found.every((candidate) => candidate.open === true);
  const directive = (question.ask === 'file' ? 0 : noFiles) + (open ? noSpace : 0);
  const lines = found.map(({ text, description }) =>
    description === undefined ? text : `${text}\t${description}`,
  );
  context.out.write([...lines, `:${directive}`, ''].join('\n'));
}

async function candidates(question: Question, context: Context): Promise<readonly Candidate[]> {
  switch (question.ask) {
    case 'words':
      return question.words;
    case 'names': {
      const { prefix, taken } = question;
      const names = await namesOf(question, context).catch(() => []);
      // Some shells insert a candidate as it is: a name that needs quotes could be a command.
      return [...new Set(names.filter(isPlain))]
        .sort()
        .map((name) => ({ text: prefix + name }))
        .filter(({ text }) => !taken.includes(text));
    }
    case 'file':
    case 'nothing':
      return [];
    default:
      return assertNever(question);
  }
}

async function namesOf(
  { of, connection }: Question & { ask: 'names' },
  context: Context,
): Promise<readonly string[]> {
  const { cluster, namespace } = await context.cluster({ requestTimeout: patienceMs, ...connection });
  const list = async (resource: Resource, labelSelector?: string): Promise<KubernetesObject[]> => {
    const scope = { labelSelector, ...(resource.namespaced && { namespace }) };
    return (await cluster.list(resource, { ...scope, metadataOnly: true })).items;
  };
  const named = async (...resources: Resource[]) =>
    (await Promise.all(resources.map((each) => list(each))))
      .flat()
      .flatMap(({ metadata }) => metadata.name ?? []);
  if (typeof of === 'object') return named(of);
  switch (of) {
    case 'restore-point': {
      const points = (await list(volumeSnapshots)).flatMap(
        ({ metadata }) => metadata.annotations?.[annotation.sessionName] ?? [],
      );
      return ['latest', ...points];
    }
    case 'kept-session':
      return (await list(persistentVolumes, label.restoreSession)).flatMap((volume) => {
        const swapped = readSwapped(volume);
        return swapped?.namespace === namespace ? swapped.session : [];
      });
    case 'session':
      return named(backupSessions, restoreSessions);
    case 'namespace':
    case 'configuration':
    case 'backupsession':
    case 'claim':
    case 'snapshot-class':
    case 'storage-class':
      return named(kinds[of]);
  }
}
