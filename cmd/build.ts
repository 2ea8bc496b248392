/** `npm run build`: bundles the program into `dist/kubectl-stash.cjs`. */
import { bundle } from './bundle.ts';

void bundle('cmd/kubectl-stash.ts', 'dist/kubectl-stash.cjs');
