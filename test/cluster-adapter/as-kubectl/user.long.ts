import { compare } from './compare.ts';
import { userRows } from './rows-user.ts';

await compare('the user of a kubeconfig', userRows);
