/** Runs the checks over the facts. */
import type { Resource } from '#src/api/resources.ts';
import type { Finding } from '#src/domain/finding.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { examined, type Check, type Facts, type Subject } from './check.ts';

/** A finding, the check that has it, and the object that it is about, where it is about one. */
export type Diagnosis = Finding & { readonly check: string; readonly about?: string };

/** Each once: those of the namespace first, then configuration by configuration, then target by target. */
export function examine(checks: readonly Check[], facts: Facts, subjects: readonly Subject[]): Diagnosis[] {
  return distinct([
    ...checks.flatMap((check) => (check.of === 'namespace' ? told(check, check.find(facts)) : [])),
    ...examined(facts).flatMap((configuration) => {
      const subject = subjects.find((each) => each.configuration === configuration);
      const about = `backupconfiguration/${configuration.metadata.name}`;
      return checks.flatMap((check) =>
        check.of === 'configuration' ? told(check, check.find(facts, configuration, subject), about) : [],
      );
    }),
    ...subjects.flatMap((subject) =>
      checks.flatMap((check) =>
        check.of === 'target' ? told(check, check.find(facts, subject), formatTarget(subject.target)) : [],
      ),
    ),
  ]);
}

/** Two configurations of one target find the same of it. */
function distinct(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const keyOf = ({ check, about, level, message }: Diagnosis) =>
    JSON.stringify([check, about, level, message]);
  return [...new Map(diagnoses.map((each) => [keyOf(each), each])).values()];
}

/** What the checks read, each once. */
export function listsOf(checks: readonly Check[]): Resource[] {
  return [...new Set(checks.flatMap(({ lists = [] }) => lists))];
}

function told({ name }: Check, findings: readonly Finding[], about?: string): Diagnosis[] {
  return findings.map((finding) => ({ ...finding, check: name, ...(about !== undefined && { about }) }));
}
