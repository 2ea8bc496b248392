/** The inputs of a run of the plugin and its results. */

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The user that the kubeconfig's user, an administrator, impersonates. */
export interface Identity {
  readonly as: string;
  readonly asGroup?: readonly string[];
}
