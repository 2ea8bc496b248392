/** What is ours in the cluster: storage with its CSI driver, and the node that pods run on. */
export interface Machine {
  /** Where the sidecars find the driver. */
  readonly socket: string;
  /** Brings the node into the cluster; resolves when pods can be bound to it, unless `taints` keep them away yet. */
  join(): Promise<void>;
  stop(): Promise<void>;
}
