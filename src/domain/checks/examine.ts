/** Runs the checks over the facts, the cause before its consequences. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { Finding } from '#src/domain/finding.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { examined, type Check, type ClusterFacts, type Facts, type Subject } from './check.ts';

/** A finding, the check that has it, and what it is about. */
export type Diagnosis = Finding & {
  readonly check: string;
  /** Left out: the whole cluster. */
  readonly namespace?: string;
  /** `deployment/foo`; left out: the cluster, or the namespace. */
  readonly about?: string;
};

/** What is found so far, and what decides whether later checks run. */
export interface Outcome {
  readonly diagnoses: readonly Diagnosis[];
  /** Checks that failed, or did not run because an earlier one failed. */
  readonly failed: ReadonlySet<string>;
  /** Why checks could not tell, and what the API server failed to answer them. */
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
 * The diagnoses of a namespace, each once: of the namespace itself first, then of each configuration and its target. `cluster`:
 * what `examineCluster` has found.
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

/** What the checks read, each once. */
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

/** What it finds out of nothing: another check that reads the same finds the same. */
function isUnread(finding: Finding): boolean {
  return finding.level === 'unknown' || (finding.level === 'fail' && finding.kind === 'server');
}

/** Adds what the check finds, without consequences of an earlier failure, and without what could not be read and is told already. */
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

/** Two configurations of one target find the same of it. What cannot be read of many targets is told of once. */
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
