/** What a run of the plugin is told, and what it leaves behind, however it is run. */

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whom the user of the kubeconfig, an administrator, acts as. */
export interface Identity {
  readonly as: string;
  readonly asGroup?: readonly string[];
}
