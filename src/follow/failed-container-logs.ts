/** Reads the last log lines of failed containers, once for each run of a container. */
import type { Cluster } from '#src/cluster/port.ts';
import type { FailedContainer } from '#src/domain/session/failed-containers.ts';
import { sanitize } from '#src/domain/sanitize.ts';

export interface FailedContainerLogs {
  /** Starts to read the logs of containers that it has not seen yet. */
  readonly look: (failed: readonly FailedContainer[]) => void;
  /** Returns a line for each failed container. Only the latest line is followed by the container's log. */
  readonly notes: () => string[];
  /** Resolves when each log has been read, or reading it has failed. */
  readonly settled: () => Promise<void>;
}

const tailLines = 5;
/** Characters; longer lines are cut off. */
const longestLine = 300;

/** Calls `ring` when a log has been read. Shows no logs to a user who may not read them. */
export function readFailedContainerLogs(
  cluster: Cluster,
  namespace: string,
  ring: () => void,
): FailedContainerLogs {
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
