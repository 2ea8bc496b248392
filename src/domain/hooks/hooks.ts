/** The hooks of a session: where they come from, and what is wrong with one. */
import { handlerKinds, hookHandlers, type HandlerKind } from '#src/api/hook-handlers.ts';
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type {
  BackupConfiguration,
  BackupSession,
  ExecutionPolicy,
  HookHandler,
  PostHook,
  RestoreSession,
} from '#src/api/stash.ts';

import { StashError } from '#src/errors.ts';

import { commandLine } from '#src/domain/command-line.ts';
import { readJson } from '#src/domain/json.ts';

export interface SessionHooks {
  readonly pre?: HookHandler | undefined;
  readonly post?: PostHook | undefined;
  /** They were given on the command line, and only whoever gave them may run them. */
  readonly adHoc: boolean;
}

export type AdHocHooks = Pick<SessionHooks, 'pre' | 'post'>;

/** Those of the session itself, else the configuration's; undefined: it has none. */
export function hooksOfBackup(
  session: BackupSession,
  configuration: BackupConfiguration | undefined,
): SessionHooks | undefined {
  const own = session.metadata.annotations?.[annotation.hooks];
  if (own !== undefined) return readAdHoc(own);
  const { preBackup, postBackup } = configuration?.spec.hooks ?? {};
  return hooksOf(preBackup, postBackup);
}

export function hooksOfRestore({ spec }: RestoreSession): SessionHooks | undefined {
  return hooksOf(spec.hooks?.preRestore, spec.hooks?.postRestore);
}

function hooksOf(pre: HookHandler | undefined, post: PostHook | undefined): SessionHooks | undefined {
  return pre === undefined && post === undefined ? undefined : { pre, post, adHoc: false };
}

/** As the annotation of a session. */
export function adHocHooks({ pre, post }: AdHocHooks): Record<string, string> {
  return { [annotation.hooks]: JSON.stringify({ preBackup: pre, postBackup: post }) };
}

function readAdHoc(text: string): SessionHooks {
  const value = readJson(text);
  // A hook that cannot be read was meant all the same: without a handler it fails, and no snapshot is taken.
  if (typeof value !== 'object' || value === null) return { pre: {}, adHoc: true };
  const { preBackup, postBackup } = value as { preBackup?: HookHandler; postBackup?: PostHook };
  return { pre: preBackup, post: postBackup, adHoc: true };
}

/** Where a hook connects to other than the pod itself. */
export function hostOf(hook: HookHandler): string | undefined {
  return handlerKinds.map((kind) => hostOfHandler(kind, hook)).find((host) => host !== undefined);
}

/** The same of one of its handlers. */
export function hostOfHandler(kind: HandlerKind, hook: HookHandler): string | undefined {
  const handler = hook[kind];
  const host = handler && hookHandlers[kind].host?.(handler);
  return host === '' ? undefined : host;
}

/** The words of a hook that runs a command in the container; undefined: it is none. */
export function commandOf(hook: HookHandler): readonly string[] | undefined {
  const commands = handlerKinds.map((kind) => {
    const handler = hook[kind];
    return handler && hookHandlers[kind].command?.(handler);
  });
  return commands.find((command) => command !== undefined);
}

export function hasAdHocHooks({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[annotation.hooks] !== undefined;
}

/** Whether these, and no others, were given when the session was begun. */
export function hasTheseHooks({ metadata }: KubernetesObject, hooks: AdHocHooks): boolean {
  return metadata.annotations?.[annotation.hooks] === adHocHooks(hooks)[annotation.hooks];
}

/** Commands for a shell in the pods' containers; the post hook always runs. */
export function commandHooks(
  { pre, post }: { readonly pre?: string | undefined; readonly post?: string | undefined },
  containerName: string | undefined,
): AdHocHooks | undefined {
  if (pre === undefined && post === undefined) return undefined;
  const inShell = (command: string): HookHandler => ({
    exec: { command: ['/bin/sh', '-c', command] },
    ...(containerName !== undefined && { containerName }),
  });
  return {
    ...(pre !== undefined && { pre: inShell(pre) }),
    ...(post !== undefined && { post: { ...inShell(post), executionPolicy: 'Always' } }),
  };
}

export function policyOf(post: PostHook): ExecutionPolicy {
  return post.executionPolicy ?? 'Always';
}

/** Whether the post hook undoes, whatever happens, what the pre hook did. */
export function thaws({ pre, post }: SessionHooks): boolean {
  return pre !== undefined && post !== undefined && policyOf(post) === 'Always';
}

/** What a person should know who relies on the post hook; one line. */
export function thawWarning({ pre, post }: SessionHooks): string | undefined {
  if (pre === undefined || (post !== undefined && policyOf(post) === 'Always')) return undefined;
  return post === undefined
    ? 'there is a preBackup hook and no postBackup hook: nothing undoes what it does to the application'
    : `the postBackup hook runs ${policyOf(post)} only: a thaw is guaranteed with executionPolicy Always alone`;
}

/** How often a failed session will still be tried again: its own count, for a first one the configuration's. */
export function retriesLeft(session: BackupSession, configuration: BackupConfiguration | undefined): number {
  const retry = configuration?.spec.retryConfig;
  return session.spec.retryLeft ?? (retry === undefined ? 0 : (retry.maxRetry ?? 1));
}

/** Throws 'precondition' for the first that cannot be run; `names`: as the API calls them. */
export function checkHooks({ pre, post }: AdHocHooks, of: string, names: readonly [string, string]): void {
  for (const [hook, name] of [[pre, names[0]] as const, [post, names[1]] as const]) {
    const problem = hook && checkHook(hook);
    if (problem === undefined) continue;
    throw new StashError('precondition', `the ${name} hook of ${of} ${problem}`, {
      hint: commandLine`kubectl explain ${of.split('/')[0] ?? of}.spec.hooks.${name}`,
    });
  }
}

const policies: readonly string[] = ['Always', 'OnSuccess', 'OnFailure', 'OnFinalRetryFailure'];

/** What is wrong with a hook, to follow its name: `names no handler`. Undefined where nothing is. */
export function checkHook(hook: HookHandler & { executionPolicy?: string }): string | undefined {
  const named = handlerKinds.filter((each) => hook[each] !== undefined);
  const [kind] = named;
  if (kind === undefined) return `names no handler: it needs one of ${handlerKinds.join(', ')}`;
  if (named.length > 1) return `names several handlers (${named.join(', ')}): it needs exactly one`;
  if (hook.containerName === '') return 'has an empty containerName';
  if (hook.executionPolicy !== undefined && !policies.includes(hook.executionPolicy)) {
    return `has executionPolicy ${hook.executionPolicy}, which is none of ${policies.join(', ')}`;
  }
  const handler = hook[kind];
  return handler && hookHandlers[kind].check(handler);
}
