import { site } from '#src/domain/documentation.ts';

/** The path under which the site is published, and the directory in which it is built. */
export const base = new URL(site).pathname;

export const siteDirectory = 'dist/site';
