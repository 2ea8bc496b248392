/** Which tool keeps an object as it is in Git or in a chart, by the marks that the tool leaves on it. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';

export type GitopsTool = 'Argo CD' | 'Flux' | 'Helm';

const syncOptions = 'argocd.argoproj.io/sync-options';

/** `app.kubernetes.io/instance` alone tells nothing: Argo CD, Helm and people set it. */
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

/** These tools leave the object when Git or the chart no longer has it. */
export function isNeverPruned({ metadata: { labels = {}, annotations = {} } }: KubernetesObject): boolean {
  const options = optionsOf(annotations);
  return (
    options.includes('Prune=false') ||
    [labels, annotations].some((marks) => marks['kustomize.toolkit.fluxcd.io/prune'] === 'disabled') ||
    annotations['helm.sh/resource-policy'] === 'keep'
  );
}

/** Argo CD replaces the object as a whole at each sync, so that fields which nobody may change make it fail. */
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
