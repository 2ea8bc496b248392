/** Parses JSON from an untrusted source; undefined where `text` is not JSON. */
export function readJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
