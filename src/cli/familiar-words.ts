/** Words that people know from kubectl and from other backup tools, and the commands that do the same here. */

const list = ['kubectl stash list'];
const beside = [
  'restore under other names, and compare or copy the files there',
  'kubectl stash restore TYPE/NAME --suffix=-copy',
];

/** By word: the lines of the hint. */
export const familiarWords: ReadonlyMap<string, readonly string[]> = new Map([
  ['backup', ['kubectl stash snapshot TYPE/NAME']],
  ['cp', beside],
  ['describe', ['kubectl stash list TYPE/NAME', 'kubectl describe backupsession SESSION']],
  ['diff', beside],
  ['get', list],
  ['logs', ['kubectl get jobs -l app.kubernetes.io/managed-by=kubectl-stash', 'kubectl logs job/NAME']],
  ['ls', list],
  ['rollback', ['kubectl stash restore TYPE/NAME --in-place', 'kubectl stash undo RESTORESESSION']],
  ['status', ['kubectl stash list TYPE/NAME', 'kubectl stash wait TYPE/NAME']],
]);
