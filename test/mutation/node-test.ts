/** Stands in for `node:test` in a mutation run: keeps the tests instead of running them, so that each can run again and again. */
type Body = (context: object) => unknown;

export interface Kept {
  readonly id: string;
  readonly file: string;
  run(): Promise<void>;
}

export const kept: Kept[] = [];
let file = '';
let suites: string[] = [];

/** Loads a test file, whose tests are kept under its name. */
export async function keepTests(name: string, load: () => Promise<unknown>): Promise<void> {
  file = name;
  await load();
}

export function test(name: string, ...rest: unknown[]): void {
  const body = rest.at(-1) as Body;
  const path = [file, ...suites, name].join(' › ');
  const same = kept.filter(({ id }) => id === path || id.startsWith(`${path} #`)).length;
  kept.push({
    id: same === 0 ? path : `${path} #${same + 1}`,
    file,
    run: async () => {
      await body({ name });
    },
  });
}

export function suite(name: string, ...rest: unknown[]): void {
  suites = [...suites, name];
  (rest.at(-1) as () => void)();
  suites = suites.slice(0, -1);
}

export { suite as describe, test as it };
