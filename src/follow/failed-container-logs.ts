/** What containers that failed wrote last: each run is asked about once, and what it said is kept. */
import type { Cluster } from '#src/cluster/port.ts';
import type { FailedContainer } from '#src/domain/session/failed-containers.ts';
import { sanitize } from '#src/domain/sanitize.ts';

export interface LastWords {
  readonly look: (failed: readonly FailedContainer[]) => void;
  /** A line for each failed container; the lines of its log follow the latest one only. */
  readonly notes: () => string[];
  /** Resolves once all that was asked for has come, or will not. */
  readonly settled: () => Promise<void>;
}

const tailLines = 5;
/** Characters; what is longer is data, not words. */
const longestLine = 300;

/** `ring` is called when a log has come. A user who may not read logs sees less. */
export function readFailedContainerLogs(cluster: Cluster, namespace: string, ring: () => void): LastWords {
  const heard = new Map<string, { readonly what: string; lines: readonly string[] }>();
  const asked: Promise<void>[] = [];

  const ask = async ({ pod, container, previous }: FailedContainer): Promise<string[]> => {
    const text = await cluster.logs({ namespace, pod, container, previous, tailLines });
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-tailLines)
      .map((line) => `| ${sanitize(line).slice(0, longestLine)}`);
  };

  return {
    look(failed) {
      for (const each of failed) {
        const key = `${each.pod}/${each.container}/${each.run}`;
        if (heard.has(key)) continue;
        const words: { readonly what: string; lines: readonly string[] } = { what: each.what, lines: [] };
        heard.set(key, words);
        asked.push(
          ask(each).then(
            (lines) => {
              words.lines = lines;
              ring();
            },
            () => undefined,
          ),
        );
      }
    },
    notes: () => {
      const all = [...heard.values()];
      return [...all.map(({ what }) => what), ...(all.at(-1)?.lines ?? [])];
    },
    settled: async () => {
      await Promise.all(asked);
    },
  };
}
