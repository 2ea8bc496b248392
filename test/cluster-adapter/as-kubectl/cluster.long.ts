import { compare } from './compare.ts';
import { clusterRows } from './rows-cluster.ts';

await compare('the cluster and the context of a kubeconfig', clusterRows);
