/** Reporter for `node --test`: one JSON line per test without subtests. */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
}

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file = '', skip, details } = event.data;
    if (details.type === 'suite') continue;
    const result: TestResult = {
      file: relative(process.cwd(), file),
      name,
      outcome: event.type === 'test:fail' ? 'failed' : skip === undefined ? 'passed' : 'skipped',
      seconds: details.duration_ms / 1000,
    };
    yield `${JSON.stringify(result)}\n`;
  }
}
