/** The Kubernetes version whose behaviour the sandbox follows. */
export const gitVersion = 'v1.36.0+sandbox';
