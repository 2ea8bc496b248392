/** Reads the hooks of a session, and checks them. */
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
import { mostRetries } from '#src/domain/spec-limits.ts';

export interface SessionHooks {
  readonly pre?: HookHandler | undefined;
  readonly post?: PostHook | undefined;
  /** The hooks come from a command line. Only a command line with the same hooks may run them. */
  readonly adHoc: boolean;
}

export type AdHocHooks = Pick<SessionHooks, 'pre' | 'post'>;

/** Returns the session's own hooks, else the configuration's. Undefined if there are none. */
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

/** Builds the annotation that records hooks of a command line on a session. */
export function adHocHooks({ pre, post }: AdHocHooks): Record<string, string> {
  return { [annotation.hooks]: JSON.stringify({ preBackup: pre, postBackup: post }) };
}

function readAdHoc(text: string): SessionHooks {
  const value = readJson(text);
  // The executor must not skip hooks that it cannot parse: a hook without a handler fails, so the session takes no
  // snapshot.
  if (typeof value !== 'object' || value === null) return { pre: {}, adHoc: true };
  const { preBackup, postBackup } = value as { preBackup?: HookHandler; postBackup?: PostHook };
  return { pre: preBackup, post: postBackup, adHoc: true };
}

/** Returns the host that a hook connects to. Undefined if it connects to the pod itself, or makes no connection. */
export function hostOf(hook: HookHandler): string | undefined {
  return handlerKinds.map((kind) => hostOfHandler(kind, hook)).find((host) => host !== undefined);
}

/** Does the same as `hostOf` for one kind of handler. */
export function hostOfHandler(kind: HandlerKind, hook: HookHandler): string | undefined {
  const handler = hook[kind];
  const host = handler && hookHandlers[kind].host?.(handler);
  return host === '' ? undefined : host;
}

/** Returns the command that a hook runs in the container. Undefined if the hook is not a command. */
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

/** Whether the session records exactly these hooks of a command line. */
export function hasTheseHooks({ metadata }: KubernetesObject, hooks: AdHocHooks): boolean {
  return metadata.annotations?.[annotation.hooks] === adHocHooks(hooks)[annotation.hooks];
}

/** Makes hooks of shell commands. The post hook always runs. Returns undefined if neither command is given. */
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

/**
 * Whether the post hook resumes the application in any case: there is a pre hook to undo, and the post hook always
 * runs.
 */
export function thaws({ pre, post }: SessionHooks): boolean {
  return pre !== undefined && post !== undefined && policyOf(post) === 'Always';
}

/**
 * Returns a warning of one line that the application may stay quiesced. Undefined if the post hook resumes it in any
 * case.
 */
export function thawWarning({ pre, post }: SessionHooks): string | undefined {
  if (pre === undefined || (post !== undefined && policyOf(post) === 'Always')) return undefined;
  return post === undefined
    ? 'there is a preBackup hook but no postBackup hook: nothing resumes the application'
    : `the postBackup hook runs ${policyOf(post)} only: only executionPolicy Always guarantees that the application is resumed`;
}

/**
 * How often the operator still retries a failed session: the session's own count; for a session that is no retry, the
 * configuration's.
 */
export function retriesLeft(session: BackupSession, configuration: BackupConfiguration | undefined): number {
  const retry = configuration?.spec.retryConfig;
  return Math.min(mostRetries, session.spec.retryLeft ?? (retry === undefined ? 0 : (retry.maxRetry ?? 1)));
}

/** Throws 'precondition' for the first invalid hook. `names` are the names of the hooks in the API. */
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

/** Says what is wrong with a hook, worded to follow its name: `names no handler`. Undefined if the hook is valid. */
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
