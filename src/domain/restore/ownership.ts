/** Removes the labels and annotations with which a tool marks an object as its own. */

/** A tool that finds its mark on an object takes the object over, or prunes it. */
const names = new Set([
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'kubectl.kubernetes.io/last-applied-configuration',
  'config.k8s.io/owning-inventory',
]);

/** Helm's marks (`helm.sh/`) have a meaning only on an object of a release. */
const prefixes = [
  'addonmanager.kubernetes.io/',
  'applyset.kubernetes.io/',
  'argocd.argoproj.io/',
  'helm.sh/',
  'helm.toolkit.fluxcd.io/',
  'kapp.k14s.io/',
  'kustomize.toolkit.fluxcd.io/',
  'meta.helm.sh/',
  'objectset.rio.cattle.io/',
  'velero.io/',
];

/** Removes the marks from labels or annotations, for a copy that none of the tools owns. */
export function withoutOwnership(marks: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(marks).filter(([name]) => !isOwnership(name)));
}

function isOwnership(name: string): boolean {
  return names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}
