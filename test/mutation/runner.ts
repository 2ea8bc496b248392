/**
 * Runs the pure tests for Stryker: all in one process, which loads them once. Stryker's TAP runner starts a process for each
 * test file and mutant, which takes a hundred times as long.
 */
import { globSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import {
  INSTRUMENTER_CONSTANTS,
  type InstrumenterContext,
  type StrykerOptions,
} from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
  type DryRunOptions,
  type DryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
} from '@stryker-mutator/api/test-runner';
import fc from 'fast-check';

import { keepTests, kept, type Kept } from './node-test.ts';

/** What instrumented code reads and writes. */
const instruments: InstrumenterContext = {};
Object.assign(globalThis, { [INSTRUMENTER_CONSTANTS.NAMESPACE]: instruments });

class PureTests implements TestRunner {
  static readonly inject = tokens(commonTokens.options);
  readonly #files: readonly string[];
  #loaded = false;
  /** A mutant changed something for good, so that a test fails without it. */
  #spoilt = false;

  constructor(options: StrykerOptions) {
    this.#files = options['pureTests'] as string[];
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun({ coverageAnalysis }: DryRunOptions): Promise<DryRunResult> {
    await this.#load();
    const tests: TestResult[] = [];
    for (const each of kept) {
      if (coverageAnalysis === 'perTest') instruments.currentTestId = each.id;
      tests.push(await result(each));
      delete instruments.currentTestId;
    }
    const { mutantCoverage } = instruments;
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage && { mutantCoverage }) };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    // Stryker starts another process and asks that one.
    if (this.#spoilt) process.exit(1);
    const { activeMutant, mutantActivation, testFilter, hitLimit } = options;
    if (mutantActivation === 'static') instruments.activeMutant = activeMutant.id;
    await this.#load();
    instruments.activeMutant = activeMutant.id;
    instruments.hitCount = 0;
    if (hitLimit === undefined) delete instruments.hitLimit;
    else instruments.hitLimit = hitLimit;
    const chosen = testFilter
      ? kept.filter(({ id }) => testFilter.includes(id)).sort((a, b) => tookMs(a) - tookMs(b))
      : nearestFirst(activeMutant.fileName);
    const tests: TestResult[] = [];
    for (const each of chosen) {
      tests.push(await result(each));
      const timeout = determineHitLimitReached(instruments.hitCount, hitLimit);
      if (timeout) return toMutantRunResult(timeout);
      if (tests.at(-1)?.status !== TestStatus.Failed) continue;
      delete instruments.activeMutant;
      this.#spoilt = mutantActivation === 'static' || (await result(each)).status === TestStatus.Failed;
      break;
    }
    return toMutantRunResult({ status: DryRunStatus.Complete, tests });
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    fc.configureGlobal({ seed: 1 });
    const stand = pathToFileURL(join(import.meta.dirname, 'node-test.ts')).href;
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'node:test' ? { url: stand, shortCircuit: true } : next(specifier, context),
    });
    for (const file of globSync(this.#files).sort())
      await keepTests(file, () => import(pathToFileURL(join(process.cwd(), file)).href));
  }
}

/** All tests, those of the file's own folder first. */
function nearestFirst(mutated: string): Kept[] {
  const folder = mutated.replace(/^.*\bsrc\//, 'test/').replace(/[^/]*$/, '');
  const near = kept.filter(({ file }) => file.startsWith(folder));
  return [...near, ...kept.filter((each) => !near.includes(each))];
}

/** Milliseconds of each test's last run: quick tests go first, since the first failure ends the run. */
const took = new Map<string, number>();
const tookMs = ({ id }: Kept): number => took.get(id) ?? 0;

async function result(each: Kept): Promise<TestResult> {
  const started = performance.now();
  const about = { id: each.id, name: each.id, fileName: each.file };
  const outcome = await each.run().then(
    () => ({ status: TestStatus.Success as const }),
    (error: unknown) => ({ status: TestStatus.Failed as const, failureMessage: String(error) }),
  );
  const timeSpentMs = performance.now() - started;
  took.set(each.id, timeSpentMs);
  return { ...about, ...outcome, timeSpentMs };
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'pure-tests', PureTests)];
