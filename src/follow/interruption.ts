/** What to say to whoever stops in the middle. */
import { isStashError, StashError } from '#src/errors.ts';

export interface Unfinished {
  /** `backupsession/foo` */
  readonly session: string;
  readonly name: string;
  readonly namespace: string;
  /** The command that carries it on; left out where it was only followed. */
  readonly again?: string | undefined;
}

/** Adds to an interruption how to follow the session, and how to go on with it. */
export async function orHowToGoOn<T>(
  work: Promise<T>,
  { session, name, namespace, again }: Unfinished,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isStashError(error, 'interrupted')) throw error;
    throw new StashError('interrupted', `stopped following ${session}, which is not done yet`, {
      hint: [
        ...(again === undefined ? [] : ['to go on with it:', again]),
        'to see what becomes of it:',
        `kubectl stash wait ${name} -n ${namespace}`,
      ].join('\n'),
    });
  }
}
