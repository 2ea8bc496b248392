/**
 * Delays and faults that a StorageClass or VolumeSnapshotClass asks the driver for, for tests and
 * experiments.
 */
import { StorageError } from './storage.ts';

export const faults = ['error-once', 'error-always', 'never-ready', 'full'] as const;
export type Fault = (typeof faults)[number];

/** docs/sandbox.md and the help say what they do. */
export const parameterNames = ['delay', 'cutDelay', 'fault', 'snapshots', 'restoreSize'] as const;

export interface Behaviour {
  /** Milliseconds until a volume exists, or a snapshot is ready to use. */
  readonly delay: number;
  /** Milliseconds until a snapshot is cut. */
  readonly cutDelay: number;
  readonly fault: Fault | undefined;
  /** Deleting the volume deletes its snapshots, as with drivers that keep snapshots inside the volume. */
  readonly snapshotsDie: boolean;
  /** A volume made from a snapshot must have exactly the snapshot's size. */
  readonly exactSize: boolean;
}

/**
 * Reads `delay`, `cutDelay` (`500ms`, `2s`, `1m`), `fault`, `snapshots` (`die-with-volume`) and `restoreSize`
 * (`exact`). Ignores parameters of the Kubernetes sidecars and throws for any other name, so that a misspelt
 * fault does not pass for a healthy driver.
 */
export function readBehaviour(parameters: Readonly<Record<string, string>> = {}): Behaviour {
  const { delay, cutDelay, fault, snapshots, restoreSize, ...others } = parameters;
  const unknown = Object.keys(others).find((name) => !name.includes('.k8s.io/'));
  if (unknown !== undefined)
    throw invalid(`unknown parameter "${unknown}" (known: ${parameterNames.join(', ')})`);
  return {
    delay: milliseconds('delay', delay),
    cutDelay: milliseconds('cutDelay', cutDelay),
    fault: fault === undefined ? undefined : readFault(fault),
    snapshotsDie: isGiven('snapshots', snapshots, 'die-with-volume'),
    exactSize: isGiven('restoreSize', restoreSize, 'exact'),
  };
}

function isGiven(name: string, text: string | undefined, value: string): boolean {
  if (text !== undefined && text !== value) throw invalid(`parameter "${name}": "${text}" is not "${value}"`);
  return text === value;
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };

function milliseconds(name: string, text = '0s'): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) {
    throw invalid(`parameter "${name}": "${text}" is not a duration such as 500ms, 2s or 1m`);
  }
  return Number(number) * (units[unit] ?? 1);
}

function readFault(text: string): Fault {
  const fault = faults.find((name) => name === text);
  if (!fault) throw invalid(`parameter "fault": "${text}" is not one of ${faults.join(', ')}`);
  return fault;
}

function invalid(message: string): StorageError {
  return new StorageError('InvalidArgument', message);
}
