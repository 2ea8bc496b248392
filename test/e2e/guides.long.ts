/** Walks through the guides that need no operator. */
import { startServer } from './server.ts';
import { walkGuides } from './walk-guides.ts';

walkGuides(await startServer(), (file) => !['database.md', 'schedule.md'].includes(file));
