/**
 * The part of the cluster that tests provide: storage with its CSI driver, and the node that runs the pods.
 */
export interface Machine {
  /** Socket at which the sidecars reach the driver. */
  readonly socket: string;
  /** Registers the node. Resolves when pods can be scheduled on it, apart from its taints. */
  join(): Promise<void>;
  stop(): Promise<void>;
}
