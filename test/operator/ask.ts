import type { StartedOperator } from './start.ts';

/** Resolves with the status code and the body of a page that the operator serves. */
export async function ask(operator: StartedOperator, path: string): Promise<[number, string]> {
  const answer = await fetch(operator.url + path);
  return [answer.status, await answer.text()];
}

/** The messages that the operator logged, without the other fields of each line. */
export function messages({ log }: StartedOperator): string[] {
  return log.map((line) => (JSON.parse(line) as { msg: string }).msg);
}
