/** Finds the tool that keeps an object in sync with Git or with a chart, by the labels and annotations of the tool. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';

export type GitopsTool = 'Argo CD' | 'Flux' | 'Helm';

const syncOptions = 'argocd.argoproj.io/sync-options';

/** `app.kubernetes.io/instance` alone says nothing: Argo CD, Helm and people set it. */
export function gitopsToolOf({
  metadata: { labels = {}, annotations = {} },
}: KubernetesObject): GitopsTool | undefined {
  if ([labels, annotations].some((marks) => has(marks, 'argocd.argoproj.io/'))) return 'Argo CD';
  if (has(labels, 'kustomize.toolkit.fluxcd.io/') || has(labels, 'helm.toolkit.fluxcd.io/')) return 'Flux';
  return has(annotations, 'meta.helm.sh/') ? 'Helm' : undefined;
}

/** Names under which these tools write objects, as in `metadata.managedFields`. */
export function isGitopsManager(manager: string): boolean {
  return /^(?:argocd-|kustomize-controller$|helm-controller$|helm$|flux$)/.test(manager);
}

/** The label by which Argo CD before 3 knows its objects by default, and which charts set, too. */
export const instanceLabel = 'app.kubernetes.io/instance';

/** Whether the tool leaves the object in the cluster when Git or the chart no longer has it. */
export function isNeverPruned({ metadata: { labels = {}, annotations = {} } }: KubernetesObject): boolean {
  const options = optionsOf(annotations);
  return (
    options.includes('Prune=false') ||
    [labels, annotations].some((marks) => marks['kustomize.toolkit.fluxcd.io/prune'] === 'disabled') ||
    annotations['helm.sh/resource-policy'] === 'keep'
  );
}

/** Whether Argo CD replaces the whole object at each sync. The sync then fails if that changes an immutable field. */
export function isReplaced({ metadata: { annotations = {} } }: KubernetesObject): boolean {
  const options = optionsOf(annotations);
  return options.includes('Replace=true') || options.includes('Force=true');
}

function optionsOf(annotations: Readonly<Record<string, string>>): string[] {
  return (annotations[syncOptions] ?? '').split(',').map((option) => option.trim());
}

function has(marks: Readonly<Record<string, string>>, prefix: string): boolean {
  return Object.keys(marks).some((name) => name.startsWith(prefix));
}
