import { compare } from './compare.ts';
import { dialectRows } from './rows-dialect.ts';

await compare('encodings and YAML', dialectRows);
