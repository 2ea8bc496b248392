/** The csi.proto messages that the driver uses, in the form of @grpc/proto-loader. */
export interface CreateVolumeRequest {
  readonly name: string;
  readonly capacityRange: { readonly requiredBytes: number; readonly limitBytes: number } | null;
  readonly volumeCapabilities: readonly { readonly block?: unknown; readonly mount?: unknown }[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly volumeContentSource: {
    readonly snapshot?: { readonly snapshotId: string };
    readonly volume?: { readonly volumeId: string };
  } | null;
  /** Null if the driver has no topology. */
  readonly accessibilityRequirements: {
    readonly requisite: readonly Topology[];
    readonly preferred: readonly Topology[];
  } | null;
}

export interface Topology {
  readonly segments: Readonly<Record<string, string>>;
}

export interface NodePublishVolumeRequest {
  readonly volumeId: string;
  readonly targetPath: string;
  readonly readonly: boolean;
  readonly volumeCapability: { readonly block?: unknown; readonly mount?: unknown } | null;
}

export interface NodeUnpublishVolumeRequest {
  readonly volumeId: string;
  readonly targetPath: string;
}

export interface CreateSnapshotRequest {
  readonly name: string;
  readonly sourceVolumeId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface ListSnapshotsRequest extends Paging {
  readonly sourceVolumeId: string;
  readonly snapshotId: string;
}

export interface Paging {
  /** 0 means all. */
  readonly maxEntries: number;
  readonly startingToken: string;
}

export interface Volume {
  readonly volumeId: string;
  readonly capacityBytes: number;
  readonly contentSource?: { readonly snapshot: { readonly snapshotId: string } };
  /** Where the volume can be used; left out: everywhere. */
  readonly accessibleTopology?: readonly Topology[];
}

export interface Snapshot {
  readonly snapshotId: string;
  readonly sourceVolumeId: string;
  readonly sizeBytes: number;
  readonly creationTime: Timestamp;
  readonly readyToUse: boolean;
  /** The group that it was cut with. */
  readonly groupSnapshotId?: string;
}

export interface VolumeGroupSnapshot {
  readonly groupSnapshotId: string;
  readonly snapshots: readonly Snapshot[];
  readonly creationTime: Timestamp;
  readonly readyToUse: boolean;
}

export interface CreateVolumeGroupSnapshotRequest {
  readonly name: string;
  readonly sourceVolumeIds: readonly string[];
}

export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** `time`: RFC 3339. */
export function toTimestamp(time: string): Timestamp {
  const milliseconds = Date.parse(time);
  return { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * 1_000_000 };
}
