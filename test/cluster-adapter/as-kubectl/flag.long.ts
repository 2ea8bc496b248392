import { compare } from './compare.ts';
import { flagRows } from './rows-flag.ts';

await compare('flags', flagRows);
