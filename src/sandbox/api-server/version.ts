/** The Kubernetes version that the sandbox emulates. */
export const gitVersion = 'v1.36.0+sandbox';
