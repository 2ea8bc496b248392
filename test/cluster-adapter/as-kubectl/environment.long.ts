import { compare } from './compare.ts';
import { environmentRows } from './rows-environment.ts';

await compare('the environment', environmentRows);
