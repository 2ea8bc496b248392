/** Which test files share a process. */
export interface Group {
  /** Patterns, relative to the project. */
  readonly files: readonly string[];
  /** Patterns of files that belong to another group all the same. */
  readonly except?: readonly string[];
  /** How many files run at a time. */
  readonly atOnce: number;
}

/** Each replaces something of the whole process for a while: its timers, its time zone. */
const changing = ['test/sandbox/controllers/reconciler.test.ts', 'test/package/archive.test.ts'];

export const groups = {
  changing: { files: changing, atOnce: 1 },
  cli: {
    files: ['test/{cli,cluster-adapter,demo,files,install,package}/**/*.test.ts'],
    except: changing,
    atOnce: 3,
  },
  commands: { files: ['test/commands/**/*.test.ts'], atOnce: 3 },
  operator: { files: ['test/operator/**/*.test.ts'], atOnce: 3 },
  pure: {
    files: [
      'test/{api,bench,cluster,docs,domain,groups,pictures,report,support}/**/*.test.ts',
      'test/*.test.ts',
    ],
    atOnce: 1,
  },
  sandbox: { files: ['test/sandbox/**/*.test.ts'], except: changing, atOnce: 3 },
  security: { files: ['test/security/**/*.test.ts'], atOnce: 3 },
  session: { files: ['test/{follow,session}/**/*.test.ts'], atOnce: 2 },
} satisfies Record<string, Group>;

export type GroupName = keyof typeof groups;
