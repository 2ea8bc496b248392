import { compare } from './compare.ts';
import { objectRows } from './rows-object.ts';

await compare('files for -f', objectRows);
