/** The sections of the site's sidebar: which page stands where, and in which order. */
import { posix } from 'node:path';

export interface Section {
  readonly title: string;
  /** Paths in `docs`. A pattern stands for the pages that no other entry before it names; it may match none. */
  readonly pages: readonly string[];
  /** Folded until a reader opens it. */
  readonly groups?: readonly Section[];
}

export const sections: readonly Section[] = [
  {
    title: 'Start',
    pages: ['start-with-helm.md', 'sandbox.md', 'install/README.md', 'guarantees.md', 'deletion.md'],
  },
  {
    title: 'Guides',
    pages: [
      ...[
        'deployment',
        'statefulset',
        'database',
        'pvc',
        'namespace',
        'in-place',
        'one-file',
        'schedule',
      ].map((name) => `guides/${name}.md`),
      'guides/*.md',
    ],
  },
  {
    title: 'When it is broken',
    pages: [
      'it-is-broken.md',
      ...[
        'index',
        'workload-deleted',
        'data-corrupted',
        'one-file',
        'namespace-deleted',
        'node-lost',
        'cluster-lost',
        'prepare',
      ].map((name) => `disasters/${name}.md`),
    ],
  },
  { title: 'FAQ', pages: ['faq.md'] },
  {
    title: 'Reference',
    pages: [
      'commands.md',
      'reference/output.md',
      'reference/exit-codes.md',
      'reference/conditions.md',
      'reference/*.md',
    ],
    groups: [
      { title: 'Commands', pages: ['reference/commands/index.md', 'reference/commands/*.md'] },
      { title: 'API fields', pages: ['reference/api/*.md'] },
    ],
  },
  {
    title: 'Operations',
    pages: ['operator.md', 'coverage.md', 'metrics.md', 'gitops.md', 'performance.md'],
  },
  { title: 'Security', pages: ['security.md', 'rbac.md'] },
  { title: 'Compare', pages: ['compare.md'] },
  {
    title: 'Design',
    pages: ['architecture.md', 'mutation.md', 'release.md'],
    groups: [{ title: 'Decisions', pages: ['adr/*.md'] }],
  },
];

/** It stands in no section: every page links to it. */
export const frontPage = 'index.md';

export interface ArrangedSection {
  readonly title: string;
  readonly pages: readonly string[];
  readonly groups: readonly ArrangedSection[];
}

/**
 * Puts each page into its section; leaves out sections without pages. Throws if a page is in no section, or if a section
 * names a page that does not exist.
 */
export function arrange(all: readonly Section[], pages: readonly string[]): readonly ArrangedSection[] {
  const left = new Set(pages.filter((page) => page !== frontPage).sort());
  const absent: string[] = [];
  const take = (pattern: string): string[] => {
    const found = [...left].filter((page) => posix.matchesGlob(page, pattern));
    if (found.length === 0 && !pattern.includes('*')) absent.push(pattern);
    for (const page of found) left.delete(page);
    return found;
  };
  const arrangeOne = ({ title, pages: patterns, groups = [] }: Section): ArrangedSection => ({
    title,
    pages: patterns.flatMap(take),
    groups: groups.map(arrangeOne).filter(({ pages: inner }) => inner.length > 0),
  });
  const arranged = all.map(arrangeOne);
  const problems = [
    ...absent.map((page) => `cmd/site/sections.ts names docs/${page}, which does not exist`),
    ...[...left].map((page) => `docs/${page} is in no section of cmd/site/sections.ts`),
  ];
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return arranged.filter(({ pages: inner, groups }) => inner.length + groups.length > 0);
}
