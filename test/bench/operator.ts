/**
 * The operator at scale, in two parts, each on a control plane of its own. `--scale 100,1000` sets their
 * sizes: the number of snapshots at rest and of claims in a burst. `--configurations 1000` limits the number
 * of configurations at rest, `--pairs 1` sets the number of bursts of each size, and `--profile DIRECTORY`
 * saves a CPU profile of the operator for each.
 */
import { benchBurst } from './operator-burst.ts';
import { benchRest } from './operator-rest.ts';
import type { RealServer } from './servers.ts';
import type { Workbench } from './workbench.ts';

/** Options for `parseArgs`. */
export const operatorFlags = {
  part: { type: 'string' },
  scale: { type: 'string' },
  configurations: { type: 'string' },
  pairs: { type: 'string' },
  profile: { type: 'string' },
} as const;

export type OperatorFlags = { readonly [Flag in keyof typeof operatorFlags]?: string | undefined };

type Part = (bench: Workbench<RealServer>, flags: OperatorFlags) => Promise<void>;

const parts: Readonly<Record<string, Part>> = { rest, burst };

/** Returns the parts that `--part` asks for; all by default. */
export function operatorParts({ part }: OperatorFlags): Part[] {
  if (part === undefined) return Object.values(parts);
  const asked = parts[part];
  if (asked === undefined) throw new Error(`the parts of operator are ${Object.keys(parts).join(' and ')}`);
  return [asked];
}

async function rest(
  bench: Workbench<RealServer>,
  { scale = '100,1000,10000', configurations = '1000' }: OperatorFlags,
): Promise<void> {
  const snapshots = numbers(scale);
  const [least = 0, ...more] = snapshots;
  const most = Number(configurations);
  // Increase the number of configurations first, then that of snapshots.
  const grown = [...snapshots.filter((count) => count < most), most];
  await benchRest(bench, [
    ...grown.map((count) => ({ configurations: count, snapshots: least })),
    ...more.map((count) => ({ configurations: most, snapshots: count })),
  ]);
}

async function burst(
  bench: Workbench<RealServer>,
  { scale = '100,1000', pairs, profile }: OperatorFlags,
): Promise<void> {
  const nodeArgs = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const rounds = numbers(scale).map(
    (claims) => [claims, pairs === undefined ? (claims > 500 ? 2 : 5) : Number(pairs)] as const,
  );
  await benchBurst(bench, { rounds, nodeArgs });
}

function numbers(list: string): number[] {
  return list.split(',').map(Number);
}
