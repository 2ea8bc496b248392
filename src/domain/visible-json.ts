/** JSON allows characters in its strings that move the cursor, or reorder or hide text; its escapes do not. */

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The same data, with those characters escaped. Line breaks of the layout stay. */
export function escapeInvisible(json: string): string {
  return json.replace(invisible, (found) => (found === '\n' ? found : escapes(found)));
}

function escapes(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
