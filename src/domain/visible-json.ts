/** Escapes the characters in JSON strings that would move the cursor, or reorder or hide text, on a terminal. */

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Returns the same data with those characters escaped. Line breaks of the layout stay. */
export function escapeInvisible(json: string): string {
  return json.replace(invisible, (found) => (found === '\n' ? found : escapes(found)));
}

function escapes(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
