/** Freezes all processes in pods through their common control group. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import type { Place } from './place.ts';

/** The returned function thaws them. */
export function freezePods({ cgroup }: Place): () => void {
  const first = `/sys/fs/cgroup/freezer/${cgroup}/kubepods/freezer.state`;
  if (existsSync(first)) {
    writeFileSync(first, 'FROZEN');
    while (readFileSync(first, 'utf8').trim() === 'FREEZING');
    return () => {
      writeFileSync(first, 'THAWED');
    };
  }
  const second = `/sys/fs/cgroup/${cgroup}/kubepods`;
  writeFileSync(`${second}/cgroup.freeze`, '1');
  while (!readFileSync(`${second}/cgroup.events`, 'utf8').includes('frozen 1'));
  return () => {
    writeFileSync(`${second}/cgroup.freeze`, '0');
  };
}
