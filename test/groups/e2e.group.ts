import { runGroup } from './run-group.ts';

runGroup('e2e');
