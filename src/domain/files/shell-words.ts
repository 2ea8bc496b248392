/** Splits a line of the small shell into words, with quotes and backslashes as in sh. */

/** Undefined: a quote is not closed, or a backslash ends the line. */
export function shellWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word = '';
  // An empty pair of quotes is a word, too.
  let isWord = false;
  let quote = '';
  const take = (char: string) => {
    word += char;
    isWord = true;
  };
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    const next = line.charAt(at + 1);
    if (quote !== '' && char === quote) quote = '';
    else if (char === '\\' && (quote === '' || (quote === '"' && /["\\]/.test(next)))) {
      if (next === '') return undefined;
      take(next);
      at += 1;
    } else if (quote !== '') take(char);
    else if (char === '"' || char === "'") {
      quote = char;
      isWord = true;
    } else if (/\s/.test(char)) {
      if (isWord) words.push(word);
      word = '';
      isWord = false;
    } else if (char === '#' && !isWord) break;
    else take(char);
  }
  if (quote !== '') return undefined;
  return isWord ? [...words, word] : words;
}

/** `b` or `/b` seen from directory `a`, as a path of the volume; `..` of its root is the root. */
export function pathFrom(directory: string, path: string): string {
  const parts: string[] = [];
  for (const part of [...(path.startsWith('/') ? [] : directory.split('/')), ...path.split('/')]) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
