/** The path under which the site is published, and the directory in which it is built. */
export const base = '/kubectl-stash/';

export const siteDirectory = 'dist/site';
