/**
 * Cluster: the only way to a Kubernetes API. `api-cluster.ts` implements it over HTTPS; the sandbox
 * implements it over its own store, for its own controllers.
 *
 * Every method rejects with an Error whose `reason` is the API's Status reason (`NotFound`, `AlreadyExists`,
 * `Conflict`, `Forbidden`, `Unauthorized`, `Invalid`, `Expired`, ...), or undefined if no answer came. The
 * HTTPS adapter throws StashErrors; its callers never see a Status. Once the user interrupts the program,
 * reads reject with 'interrupted', while writes and `exec` go on: code that cleans up must not depend on
 * reads.
 */
import type { Writable, Readable } from 'node:stream';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';

export interface Scope {
  /** Left out: all namespaces, or a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  /** In the syntax of kubectl's `-l`. */
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /**
   * The server sends only apiVersion, kind and metadata of each object; callers must not read other fields.
   */
  readonly metadataOnly?: boolean | undefined;
}

export interface WatchScope<T extends KubernetesObject> extends Scope {
  /**
   * Leaves out fields that the caller does not need, `metadata.managedFields` among them. An adapter may apply it to each
   * object as it is read, so that no list is held whole, or not at all. Safe to apply twice.
   */
  readonly trim?: (object: Stored<T>) => Stored<T>;
}

export interface ListResult<T extends KubernetesObject> {
  readonly items: Stored<T>[];
  readonly resourceVersion: string;
}

/** Some of the objects of a list, in the order of the server. */
export interface Page<T extends KubernetesObject> extends Pick<ListResult<T>, 'resourceVersion'> {
  /** To be read before the next page, and once: an adapter may parse each only when the caller takes it. */
  readonly items: Iterable<Stored<T>>;
  /** The list begins here: the first page, or the one after the server has dropped the version of the pages before. */
  readonly isFirst: boolean;
}

/**
 * An event of a watch. The first one is `listed`, or `lost` while the server does not answer; a later `listed`, after a lost connection, replaces
 * everything known so far. After `lost`, nothing is known to be current until the next `listed` or `changed`.
 */
export type WatchEvent<T extends KubernetesObject> =
  | {
      readonly type: 'listed';
      readonly items: Stored<T>[];
      /** Version of the collection: `items` contains every write up to it. */
      readonly resourceVersion?: string;
    }
  | { readonly type: 'changed'; readonly object: Stored<T> }
  | { readonly type: 'deleted'; readonly object: Stored<T> }
  | { readonly type: 'lost'; readonly why: string };

export type PatchType = 'merge' | 'json' | 'strategic' | 'apply';

export interface WriteOptions {
  readonly dryRun?: boolean;
}

export interface PatchOptions extends WriteOptions {
  /** Default `merge`. A `metadata.resourceVersion` in a merge patch makes it conditional (rejects with Conflict). */
  readonly type?: PatchType;
  readonly subresource?: 'status' | 'scale';
}

export interface DeleteOptions {
  readonly uid?: string;
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

/** The user's terminal, which a command in a container uses as its own. */
export interface ExecTerminal {
  size(): { readonly columns: number; readonly rows: number };
  /** Calls `listener` after each change, until `signal` aborts. */
  onResize(listener: () => void, signal: AbortSignal): void;
}

export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin?: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** The command gets a terminal, and writes all its output to `stdout`. */
  readonly terminal?: ExecTerminal | undefined;
  readonly signal?: AbortSignal;
}

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string | undefined;
  readonly tailLines?: number | undefined;
  /** Read the log of the container's previous run. */
  readonly previous?: boolean | undefined;
}

export interface Cluster {
  get<T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    namespace?: string,
  ): Promise<Stored<T>>;
  list<T extends KubernetesObject>(resource: Resource<T>, scope?: WatchScope<T>): Promise<ListResult<T>>;
  /** The objects that `list` would resolve with, a page at a time; those before a page that `isFirst` are void. */
  pages<T extends KubernetesObject>(resource: Resource<T>, scope?: WatchScope<T>): AsyncIterable<Page<T>>;
  create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    at: { readonly name: string; readonly namespace?: string | undefined },
    patch: unknown,
    options?: PatchOptions,
  ): Promise<Stored<T>>;
  delete(
    resource: Resource,
    at: { readonly name: string; readonly namespace?: string | undefined },
    options?: DeleteOptions,
  ): Promise<void>;
  /**
   * Follows a collection until `signal` aborts (the iterable then ends without an error) or the server
   * refuses permanently (Forbidden, NotFound of the kind, Unauthorized: rejects). It survives every other
   * failure, and the state that it yields converges to the server's.
   */
  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: WatchScope<T>,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /**
   * Runs a command in a container. Resolves with its exit code; rejects if the command never ran, or if its
   * end is unknown.
   */
  exec(request: ExecRequest): Promise<number>;
  /** Resolves with a container's log as text; rejects with BadRequest if the container has not started. */
  logs(request: LogRequest): Promise<string>;
  /** Resolves with the names of the API groups that discovery lists (`/apis`). */
  groups(): Promise<string[]>;
  /** Plurals of the kinds that discovery lists for the resource's group and version; empty if the server does not serve that version. */
  kinds(resource: Resource): Promise<string[]>;
  /** Resolves with the server's `gitVersion`. */
  serverVersion(): Promise<string>;
  /** Closes idle connections, so that the process can exit. */
  close(): void;
}
