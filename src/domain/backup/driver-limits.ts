/** Recognizes limits of storage systems by the text of their errors. */

export interface DriverLimit {
  readonly words: RegExp;
  /** What the limit is. */
  readonly limit: string;
  readonly advice: string;
}

const spread = 'let the schedules of one volume run at different times, and less often';
const fewer = 'keep fewer restore points (--keep-last), delete old ones, or have the limit raised';

/** The first entry that matches counts. */
export const driverLimits: readonly DriverLimit[] = [
  {
    words: /SnapshotCreationPerVolumeRateExceeded/,
    limit: 'Amazon EBS begins one snapshot of a volume in 15 s',
    advice: spread,
  },
  {
    words: /ConcurrentSnapshotLimitExceeded/,
    limit: 'Amazon EBS limits the unfinished snapshots of a volume',
    advice: spread,
  },
  {
    words: /RESOURCE_OPERATION_RATE_EXCEEDED|resourceOperationRateExceeded/i,
    limit: 'Google Cloud begins one snapshot of a disk in 10 min',
    advice: spread,
  },
  {
    words:
      /SnapshotLimitExceeded|max(?:imum)? (?:number|limit|count) of snapshots|too many snapshots|snapshots? (?:limit|quota) (?:reached|exceeded)/i,
    limit: 'the storage system has as many snapshots as it allows',
    advice: fewer,
  },
  {
    words: /\b429\b|TooManyRequests|RequestLimitExceeded|rateLimitExceeded|ThrottlingException/i,
    limit: "the storage system's API limits the rate of requests",
    advice: spread,
  },
];

/** `message`: the error of a snapshot. */
export function driverLimit(message: string): DriverLimit | undefined {
  return driverLimits.find(({ words }) => words.test(message));
}
