/** Stops every process in pods for a moment, by the control group that they are all in. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import type { Place } from './place.ts';

/** What it returns lets them go on. */
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
