import { compare } from './compare.ts';
import { pluginRows } from './rows-plugin.ts';

await compare('credential plugins', pluginRows);
