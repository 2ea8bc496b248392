import assert from 'node:assert/strict';
import { test } from 'node:test';

import { atSameServer } from '#src/cli/at-same-server.ts';

test('commands in a hint get the flags that chose the cluster, and no secret', () => {
  const hint = 'beside it:\nkubectl stash list\nadd --config a';
  assert.equal(atSameServer(hint, {}), hint);
  const prose = "kubectl stash list works with it; uninstall AppsCode's first";
  assert.equal(atSameServer(prose, {}), prose);
  assert.equal(
    atSameServer(hint, { namespace: 'demo', token: 'secret', context: 'prod', as: "o'hara & co" }),
    "beside it:\nkubectl stash list --context prod --as 'o'\\''hara & co'\nadd --config a",
  );
  assert.equal(
    atSameServer('kubectl stash list', { as: 'dev', asGroup: ['a', 'b'] }),
    'kubectl stash list --as dev --as-group a --as-group b',
  );
  assert.equal(
    atSameServer('kubectl stash sandbox -- bash', { as: 'dev' }),
    'kubectl stash sandbox --as dev -- bash',
  );
  assert.equal(
    atSameServer('kubectl scale deploy/a --replicas=0 &&\nkubectl stash list', { context: 'prod' }),
    'kubectl scale deploy/a --replicas=0 --context prod &&\nkubectl stash list --context prod',
  );
  assert.equal(
    atSameServer("kubectl wait pod/a && kubectl exec a -- sh -c 'x && kubectl y'", { context: 'prod' }),
    "kubectl wait pod/a --context prod && kubectl exec a --context prod -- sh -c 'x && kubectl y'",
  );
  assert.equal(
    atSameServer("kubectl stash snapshot deploy/a --pre 'x -- y && z' && kubectl get pod", {
      context: 'prod',
    }),
    "kubectl stash snapshot deploy/a --pre 'x -- y && z' --context prod && kubectl get pod --context prod",
  );
});

test('a hint shows no command if one of its connection flags cannot be shown', () => {
  assert.match(
    atSameServer('see:\nkubectl get pod', { context: 'a\u001b[2Jb' }),
    /^see:\n# no command is shown: ab /,
  );
});
