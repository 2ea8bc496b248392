/** Runs the checks on the facts, causes before their consequences. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { Finding } from '#src/domain/finding.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { examined, type Check, type ClusterFacts, type Facts, type Subject } from './check.ts';

/** A finding, with the name of its check and the object that it is about. */
export type Diagnosis = Finding & {
  readonly check: string;
  /** Left out if the finding is about the whole cluster. */
  readonly namespace?: string;
  /** For example `deployment/foo`. Left out if the finding is about the cluster or the namespace. */
  readonly about?: string;
};

/** The findings so far, and the state that decides which later checks run and what they report. */
export interface Outcome {
  readonly diagnoses: readonly Diagnosis[];
  /** Checks that failed, or did not run because an earlier one failed. */
  readonly failed: ReadonlySet<string>;
  /** Messages that are already reported about facts that nobody could read. */
  readonly unknown: ReadonlySet<string>;
}

type Place = Pick<Diagnosis, 'namespace' | 'about'>;

export function examineCluster(checks: readonly Check[], facts: ClusterFacts): Outcome {
  return checks.reduce<Outcome>(
    (outcome, check) =>
      check.of === 'cluster' ? runAfter(outcome, check, () => check.find(facts)) : outcome,
    { diagnoses: [], failed: new Set(), unknown: new Set() },
  );
}

/**
 * Returns the diagnoses of a namespace, each once: first of the namespace itself, then of each configuration and its
 * target. `cluster` is the result of `examineCluster`.
 */
export function examineNamespace(
  checks: readonly Check[],
  facts: Facts,
  subjects: readonly Subject[],
  cluster: Outcome,
): Diagnosis[] {
  const { namespace } = facts;
  const here = checks.reduce<Outcome>(
    (outcome, check) =>
      check.of === 'namespace' ? runAfter(outcome, check, () => check.find(facts), { namespace }) : outcome,
    { ...cluster, diagnoses: [] },
  );
  const each = scopesOf(facts, subjects).flatMap((scope) => examineScope(checks, facts, scope, here));
  return distinct([...here.diagnoses, ...each]);
}

/** Returns the collections that the checks read, each once. */
export function listsOf(checks: readonly Check[]): Resource[] {
  return [...new Set(checks.flatMap(({ lists = [] }) => lists))];
}

/** A configuration, a target, or both. */
interface Scope {
  readonly configuration: Stored<BackupConfiguration> | undefined;
  readonly subject: Subject | undefined;
}

function scopesOf(facts: Facts, subjects: readonly Subject[]): Scope[] {
  const configurations = examined(facts);
  return [
    ...configurations.map((configuration) => ({
      configuration,
      subject: subjects.find((each) => each.configuration === configuration),
    })),
    ...subjects
      .filter(({ configuration }) => !configuration || !configurations.includes(configuration))
      .map((subject) => ({ configuration: undefined, subject })),
  ];
}

function examineScope(
  checks: readonly Check[],
  facts: Facts,
  { configuration, subject }: Scope,
  before: Outcome,
): readonly Diagnosis[] {
  const { namespace } = facts;
  return checks.reduce<Outcome>(
    (outcome, check) => {
      if (check.of === 'configuration' && configuration) {
        const about = `backupconfiguration/${configuration.metadata.name}`;
        const find = () => check.find(facts, configuration, subject);
        return runAfter(outcome, check, find, { namespace, about });
      }
      if (check.of === 'target' && subject) {
        const about = formatTarget(subject.target);
        return runAfter(outcome, check, () => check.find(facts, subject), { namespace, about });
      }
      return outcome;
    },
    { ...before, diagnoses: [] },
  ).diagnoses;
}

/**
 * Whether the finding says only that the facts could not be read. Every check of the same facts reports the same
 * message.
 */
function isUnread(finding: Finding): boolean {
  return finding.level === 'unknown' || (finding.level === 'fail' && finding.kind === 'server');
}

/**
 * Adds the findings of the check. Skips the check if one of its causes has failed, and drops messages about unread
 * facts that an earlier check has reported.
 */
function runAfter(outcome: Outcome, check: Check, find: () => Finding[], place: Place = {}): Outcome {
  const { diagnoses, failed, unknown } = outcome;
  const { name, after = [] } = check;
  if (after.some((cause) => failed.has(cause))) {
    return { ...outcome, failed: new Set([...failed, name]) };
  }
  const findings = find();
  const told = findings.filter((finding) => !isUnread(finding) || !unknown.has(finding.message));
  const reasons = findings.filter(isUnread).map(({ message }) => message);
  return {
    diagnoses: [...diagnoses, ...told.map((finding) => ({ ...finding, check: name, ...place }))],
    failed: findings.some(({ level }) => level === 'fail') ? new Set([...failed, name]) : failed,
    unknown: new Set([...unknown, ...reasons]),
  };
}

/**
 * Removes duplicates: two configurations of one target lead to the same findings, and one unread fact concerns many
 * targets.
 */
function distinct(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const first = new Map<string, Diagnosis>();
  for (const diagnosis of diagnoses) {
    const { check, level, message } = diagnosis;
    const about = level === 'unknown' ? undefined : diagnosis.about;
    const key = JSON.stringify([check, about, level, message]);
    const known = first.get(key);
    if (known === undefined) first.set(key, diagnosis);
    else if (known.about !== diagnosis.about) first.set(key, ofNamespace(known));
  }
  return [...first.values()];
}

function ofNamespace(diagnosis: Diagnosis): Diagnosis {
  const whole = { ...diagnosis };
  delete whole.about;
  return whole;
}
