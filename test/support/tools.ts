/** Programs in Go that tests run beside ours. */
import { findTools, Missing } from '#test/cluster/programs.ts';

export type Tools =
  | { readonly path: Awaited<ReturnType<typeof findTools>>; readonly skip: false }
  | { readonly path: undefined; readonly skip: string };

/** Resolves with the paths of the tools, or with the reason to skip the tests that need them. The first call builds them. */
export async function toolsOrReason(): Promise<Tools> {
  try {
    const path = await findTools(process.env, (line) => void process.stderr.write(`${line}\n`));
    return { path, skip: false };
  } catch (error) {
    if (error instanceof Missing) return { path: undefined, skip: `missing: ${error.message}` };
    throw error;
  }
}
