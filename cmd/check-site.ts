/** `npm run site` ends with this: it checks the links of the site that it has built. */
import { join } from 'node:path';

import { project } from './package/project.ts';
import { base, siteDirectory } from './site/base.ts';
import { checkLinks } from './site/check-links.ts';
import { readSite } from './site/read-site.ts';

const site = readSite(join(project, siteDirectory), project, base);
const { problems, checked } = checkLinks(site);
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) {
  process.stderr.write(`error: ${problems.length} of ${checked} links of the site lead nowhere\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${site.pages.size} pages, ${checked} links: all of them lead somewhere\n`);
}
