/** Words that people know from kubectl and from other backup tools, and the commands that do the same here. */

const list = ['kubectl stash list'];

/** By word: the lines of the hint. */
export const familiarWords: ReadonlyMap<string, readonly string[]> = new Map([
  ['backup', ['kubectl stash snapshot TYPE/NAME']],
  ['get', list],
  ['logs', ['kubectl get jobs -l app.kubernetes.io/managed-by=kubectl-stash', 'kubectl logs job/NAME']],
  ['ls', list],
  ['rollback', ['kubectl stash restore TYPE/NAME --in-place', 'kubectl stash undo RESTORESESSION']],
  ['status', ['kubectl stash describe TYPE/NAME', 'kubectl stash wait TYPE/NAME']],
]);
