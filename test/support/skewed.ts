import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { serverClock, type ServerClock } from '#src/cluster/server-clock.ts';
import type { Clock } from '#src/domain/clock.ts';

export interface SkewedMachine extends Disposable {
  readonly clock: ServerClock;
  readonly cluster: Cluster;
  /** What the program says about the clock. */
  readonly told: readonly string[];
}

/** A clock that is so many milliseconds ahead of another, or behind it. */
export function shifted(clock: Clock, ahead: number): Clock {
  return { ...clock, now: () => new Date(clock.now().getTime() + ahead) };
}

/** Connects as the program does on a machine with this clock. */
export async function skewedMachine(kubeconfig: string, machine: Clock): Promise<SkewedMachine> {
  const told: string[] = [];
  const clock = serverClock(machine, (words) => void told.push(words));
  const { cluster } = await connect({ kubeconfig }, {}, { clock, version: 'test' });
  return {
    clock,
    cluster,
    told,
    [Symbol.dispose]: () => {
      cluster.close();
    },
  };
}
