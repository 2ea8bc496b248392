import { runGroup } from './run-group.ts';

runGroup('security');
