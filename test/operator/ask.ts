import type { StartedOperator } from './start.ts';

/** Code and text of what it serves. */
export async function ask(operator: StartedOperator, path: string): Promise<[number, string]> {
  const answer = await fetch(operator.url + path);
  return [answer.status, await answer.text()];
}

/** What it logged, without the rest of each line. */
export function messages({ log }: StartedOperator): string[] {
  return log.map((line) => (JSON.parse(line) as { msg: string }).msg);
}
