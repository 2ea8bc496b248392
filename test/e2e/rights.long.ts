/** Each right of `docs/rbac` taken away in turn, on the sandbox. */
import '#test/cluster/rights.cluster.ts';
