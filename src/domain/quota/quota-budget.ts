/** Finds the objects that a ResourceQuota would not admit, before the command creates anything. */
import type { ResourceQuota, Stored } from '#src/api/kubernetes.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { formatBytes, parseQuantity } from '#src/domain/quantity.ts';
import { sanitize } from '#src/domain/sanitize.ts';

/** Bytes of storage or numbers of objects, by the name that a quota has for the resource. */
export type Demand = ReadonlyMap<string, bigint>;

/** Admits a demand in addition to all that it has admitted before, or returns why a quota refuses it. */
export type QuotaBudget = (what: string, demand: Demand) => Failure[];

/** Whether the quota counts objects of all kinds, and not only pods. */
export function countsAll({ spec }: ResourceQuota): boolean {
  return !spec?.scopes?.length && spec?.scopeSelector === undefined;
}

/**
 * Begins with the use that the API server reports. Two kinds of quota refuse nothing here: a quota with scopes counts
 * pods only, and a quota without reported use cannot be judged.
 */
export function quotaBudget(quotas: readonly Stored<ResourceQuota>[]): QuotaBudget {
  const taken = new Map<string, bigint>();
  const unscoped = quotas.filter(countsAll);
  return (what, demand) => {
    const failures = unscoped.flatMap((quota) => {
      const problem = [...demand].map(([name, wanted]) =>
        whyExceeded(quota, name, wanted, taken.get(name) ?? 0n),
      );
      const first = problem.find((each) => each !== undefined);
      return first === undefined ? [] : [refusal(what, quota, first)];
    });
    if (failures.length === 0) {
      for (const [name, wanted] of demand) taken.set(name, (taken.get(name) ?? 0n) + wanted);
    }
    return failures;
  };
}

/** Returns a line for each quota that limits this demand, but does not report yet how much is used. */
export function unreportedUse(quotas: readonly Stored<ResourceQuota>[], demand: Demand): string[] {
  return quotas.filter(countsAll).flatMap(({ metadata, spec, status }) => {
    const unreported = [...demand.keys()].filter(
      (name) =>
        parseQuantity(spec?.hard?.[name] ?? '') !== undefined &&
        parseQuantity(status?.used?.[name] ?? '') === undefined,
    );
    if (unreported.length === 0) return [];
    const limited = `resourcequota ${metadata.name} limits ${unreported.join(', ')}`;
    return [sanitize(`${limited}, and does not report yet how much is used`)];
  });
}

interface Exceeded {
  readonly why: string;
  /** The limit that would admit the demand. */
  readonly raised: Readonly<Record<string, string>>;
}

function whyExceeded(
  { spec, status }: ResourceQuota,
  name: string,
  wanted: bigint,
  taken: bigint,
): Exceeded | undefined {
  const hard = parseQuantity(spec?.hard?.[name] ?? '');
  const used = parseQuantity(status?.used?.[name] ?? '');
  if (wanted === 0n || hard === undefined || used === undefined) return undefined;
  const left = hard - used - taken;
  if (wanted <= left) return undefined;
  const inWords = name.endsWith('requests.storage') ? formatBytes : String;
  const why = `${inWords(left > 0n ? left : 0n)} of ${name} left, and ${inWords(wanted)} needed`;
  return { why, raised: { [name]: String(used + taken + wanted) } };
}

function refusal(what: string, { metadata }: Stored<ResourceQuota>, { why, raised }: Exceeded): Failure {
  const { name, namespace = '' } = metadata;
  return failure('precondition', sanitize(`${what} does not fit into resourcequota ${name}: ${why}`), {
    hint: commandLine`kubectl describe resourcequota ${name} -n ${namespace}`,
    fix: commandLine`kubectl patch resourcequota ${name} -n ${namespace} --type=merge -p ${JSON.stringify({ spec: { hard: raised } })}`,
  });
}
