/**
 * The one door to a Kubernetes API. `api-cluster.ts` implements it over HTTPS; the sandbox implements it over
 * its own store, for its own controllers.
 *
 * Every method rejects with an Error that has `reason`, the API's Status reason (`NotFound`, `AlreadyExists`,
 * `Conflict`, `Forbidden`, `Unauthorized`, `Invalid`, `Expired`, ...), or with none where no answer came.
 * The client-node adapter throws StashErrors; nothing above it sees a Status. Once the program is interrupted, its
 * reads reject with 'interrupted', and its writes and `exec` go on: what cleans up must do without reading.
 */
import type { Writable, Readable } from 'node:stream';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';

export interface Scope {
  /** Left out: every namespace (or a cluster-scoped kind). */
  readonly namespace?: string | undefined;
  /** As kubectl's `-l` takes it. */
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Of each object only apiVersion, kind and metadata come; whoever asks for it must not read more. */
  readonly metadataOnly?: boolean | undefined;
}

export interface ListResult<T extends KubernetesObject> {
  readonly items: Stored<T>[];
  readonly resourceVersion: string;
}

/**
 * What a watch tells. It begins with `listed`; a later `listed` (after the connection was lost) replaces all that
 * was known. `lost` says that nothing is known to be current until the next `listed` or `changed`.
 */
export type WatchEvent<T extends KubernetesObject> =
  | {
      readonly type: 'listed';
      readonly items: Stored<T>[];
      /** Of the collection: what was written up to it is in `items` or gone. */
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

export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin?: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly signal?: AbortSignal;
}

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string | undefined;
  readonly tailLines?: number | undefined;
  /** Of the container's last run before the present one. */
  readonly previous?: boolean | undefined;
}

export interface Cluster {
  get<T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    namespace?: string,
  ): Promise<Stored<T>>;
  list<T extends KubernetesObject>(resource: Resource<T>, scope?: Scope): Promise<ListResult<T>>;
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
   * Follows a collection until `signal` aborts (the iterable then ends without an error) or the server says that it
   * never will (Forbidden, NotFound of the kind, Unauthorized: rejects). It survives everything else and loses no
   * change that still matters: what it yields converges to what the server holds.
   */
  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: Scope,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /** Runs a command in a container; resolves with its exit code. */
  exec(request: ExecRequest): Promise<number>;
  /** What a container has written, as text; one that has not started rejects with BadRequest. */
  logs(request: LogRequest): Promise<string>;
  /** Names of the API groups that discovery lists (`/apis`). */
  groups(): Promise<string[]>;
  /** Plurals of the kinds that discovery lists for the resource's group and version; none where it serves no such version. */
  kinds(resource: Resource): Promise<string[]>;
  /** `gitVersion` of the server. */
  serverVersion(): Promise<string>;
  /** Ends idle connections so that the process can exit. */
  close(): void;
}
