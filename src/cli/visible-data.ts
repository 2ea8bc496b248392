/** Writes data as JSON and YAML in which characters that move the cursor, or reorder or hide text, are escaped. */

import { escapeInvisible } from '#src/domain/visible-json.ts';

export function toJson(value: unknown): string {
  return `${escapeInvisible(JSON.stringify(value, undefined, 4))}\n`;
}

/** js-yaml escapes control characters only: it writes a word in place of other strings, which are then quoted here. */
export async function toYaml(value: unknown): Promise<string> {
  const { dump } = await import('js-yaml');
  const write = (data: unknown) => dump(data, { lineWidth: -1, noRefs: true });
  const plain = write(value);
  if (!/\p{Cf}/u.test(plain)) return plain;
  let word = 'escaped';
  while (plain.includes(word)) word += '-escaped';
  const strings: string[] = [];
  const held = mapStrings(value, (text) =>
    /\p{Cf}/u.test(text) ? `${word}${strings.push(text) - 1}-` : text,
  );
  return write(held).replace(new RegExp(`${word}(\\d+)-`, 'g'), (_, index: string) =>
    quoted(strings[Number(index)] ?? ''),
  );
}

/** A YAML string. YAML has no surrogate pairs. */
function quoted(text: string): string {
  return escapeInvisible(
    JSON.stringify(text).replace(
      /(?=\p{Cf})[^\0-\uffff]/gu,
      (found) => `\\U${(found.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
    ),
  );
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapStrings(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [change(key), mapStrings(each, change)]),
  );
}
