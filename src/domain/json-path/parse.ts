/** Parses a JSONPath template as kubectl does: text, and expressions in braces. */
import { StashError } from '#src/errors.ts';

import { unquote } from './unquote.ts';

export type Step =
  /** A quoted text, a number, true or false. */
  | { readonly kind: 'constant'; readonly value: string | number | boolean }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'wildcard' }
  /** `[2]`, `[-1]`, `[1:3]`, `[::2]`. */
  | { readonly kind: 'slice'; readonly slice: Slice }
  /** `[?(@.ready)]` without `compare`. */
  | { readonly kind: 'filter'; readonly left: Path; readonly compare?: Comparison }
  /** `..`: the value itself and all objects, arrays and strings in it. */
  | { readonly kind: 'descent' }
  | { readonly kind: 'union'; readonly paths: readonly Path[] };

export type Path = readonly Step[];

export interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly step: number | undefined;
  /** The user wrote a single index, as in `[2]`. */
  readonly single: boolean;
}

const operators = ['==', '!=', '<', '<=', '>', '>='] as const;

export interface Comparison {
  readonly operator: (typeof operators)[number];
  readonly right: Path;
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'range'; readonly over: Path; readonly body: readonly Block[] };

/** A `Step`, or a word: `range`, `end`. */
type Token = Step | { readonly kind: 'word'; readonly word: string };

interface Cursor {
  readonly text: string;
  at: number;
}

const longestTemplate = 20_000;

/** @throws StashError 'usage' if the template is not valid */
export function parseTemplate(template: string): Block[] {
  if (template.length > longestTemplate) throw invalid(`it is longer than ${longestTemplate} characters`);
  const cursor: Cursor = { text: template, at: 0 };
  const outer: Block[] = [];
  const open: { readonly over: Path; readonly body: Block[] }[] = [];
  const add = (block: Block) => (open.at(-1)?.body ?? outer).push(block);
  while (cursor.at < template.length) {
    const start = template.indexOf('{', cursor.at);
    const text = template.slice(cursor.at, start < 0 ? undefined : start);
    if (text !== '') add({ kind: 'text', text });
    if (start < 0) break;
    cursor.at = start + 1;
    const [first, ...rest] = readAction(cursor);
    if (first?.kind === 'word' && first.word === 'range') {
      open.push({ over: rest.map(stepOf), body: [] });
    } else if (first?.kind === 'word' && first.word === 'end') {
      const range = open.pop();
      if (range === undefined) throw invalid('not in range, nothing to end');
      add({ kind: 'range', ...range });
    } else if (first?.kind === 'constant' && typeof first.value === 'string' && rest.length === 0) {
      add({ kind: 'text', text: first.value });
    } else if (first !== undefined) {
      add({ kind: 'path', path: [first, ...rest].map(stepOf) });
    }
  }
  if (open.length > 0) throw invalid('{range} without {end}');
  return outer;
}

const relaxed = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/;

/**
 * Parses `.metadata.name`, `metadata.name` or `{.metadata.name}`: kubectl accepts all of them for `--sort-by` and
 * columns.
 * @throws StashError 'usage'
 */
export function parsePath(text: string): Path {
  const [, braced, plain] = relaxed.exec(text) ?? [];
  const inner = braced ?? plain;
  if (inner === undefined) throw invalid(`"${text}" is not a path such as .metadata.name`);
  return actionOf(`.${inner}`);
}

function stepOf(token: Token): Step {
  if (token.kind === 'word') throw invalid(`unrecognized identifier ${token.word}`);
  return token;
}

/** Returns the steps of an expression without its braces. */
function actionOf(text: string): Path {
  const cursor = { text: `${text}}`, at: 0 };
  const path = readAction(cursor).map(stepOf);
  if (cursor.at < cursor.text.length) throw invalid(`unexpected } in ${text}`);
  return path;
}

/** Reads up to the closing brace. */
function readAction(cursor: Cursor): Token[] {
  const { text } = cursor;
  const tokens: Token[] = [];
  for (;;) {
    if (text.startsWith('[?(', cursor.at)) {
      tokens.push(readFilter(cursor));
      continue;
    }
    if (text.startsWith('..', cursor.at)) {
      if (tokens.at(-1)?.kind === 'descent') throw invalid('invalid multiple recursive descent');
      cursor.at += 2;
      tokens.push({ kind: 'descent' });
      if (/\w/.test(text[cursor.at] ?? '')) tokens.push(readField(cursor));
      continue;
    }
    const char = text[cursor.at++];
    if (char === '}') return tokens;
    if (char === undefined || char === '\n' || char === '\r') throw invalid('unclosed action');
    if (char === ' ' || char === '@' || char === '$') continue;
    if (char === '.') tokens.push(readField(cursor));
    else if (char === '[') tokens.push(...readBrackets(cursor));
    else if (char === '"' || char === "'") tokens.push({ kind: 'constant', value: readQuoted(cursor, char) });
    else if (/[-+\d]/.test(char)) tokens.push({ kind: 'constant', value: readNumber(cursor) });
    else if (/[\p{L}_]/u.test(char)) tokens.push(readWord(cursor));
    else throw invalid(`unrecognized character in action: ${char}`);
  }
}

const field = /(?:\\[^]|[^\s.,[\]$@{}\\])*/y;

function readField(cursor: Cursor): Step {
  const written = take(cursor, field);
  return written === '*' ? { kind: 'wildcard' } : { kind: 'field', name: written.replaceAll('\\', '') };
}

function readNumber(cursor: Cursor): number {
  cursor.at -= 1;
  const written = take(cursor, /[-+]?[\d.]*/y);
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(written)) throw invalid(`cannot parse number ${written}`);
  return Number(written);
}

function readWord(cursor: Cursor): Token {
  cursor.at -= 1;
  const word = take(cursor, /[^\s.,[\]$@{}]*/y);
  const lower = word.toLowerCase();
  return lower === 'true' || lower === 'false'
    ? { kind: 'constant', value: lower === 'true' }
    : { kind: 'word', word };
}

function readQuoted(cursor: Cursor, quote: string): string {
  const written = take(cursor, quote === '"' ? /(?:\\.|[^"\\\n])*/y : /(?:\\.|[^'\\\n])*/y);
  if (cursor.text[cursor.at++] !== quote) throw invalid('unterminated quoted string');
  const value = unquote(written);
  if (value === undefined) throw invalid(`cannot read the escapes in ${quote}${written}${quote}`);
  return value;
}

/** Reads the rest of `[...]`, unless it is a filter. */
function readBrackets(cursor: Cursor): Step[] {
  const written = take(cursor, /[^\]\n]*/y);
  if (cursor.text[cursor.at++] !== ']') throw invalid('unterminated array');
  if (written === '*') return [{ kind: 'slice', slice: sliceOf(':') }];
  const parts = written.split(',');
  if (parts.length > 1) return [{ kind: 'union', paths: parts.map((part) => actionOf(`[${part.trim()}]`)) }];
  const key = /^'([^']*)'$/.exec(written)?.[1];
  return key === undefined ? [{ kind: 'slice', slice: sliceOf(written) }] : [...actionOf(`.${key}`)];
}

function sliceOf(written: string): Slice {
  const [found, from, to, step] = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(written) ?? [];
  if (found === undefined) throw invalid(`invalid array index ${written}`);
  const number = (text: string | undefined) => {
    if (text === undefined || text === '' || text === ':') return undefined;
    const value = Number(text.replace(':', ''));
    if (!Number.isSafeInteger(value)) throw invalid(`array index ${text} is not a number`);
    return value;
  };
  const first = number(from);
  if (to === undefined) return { from: first, to: (first ?? 0) + 1, step: undefined, single: true };
  return { from: first, to: number(to), step: number(step), single: false };
}

const comparison = /^([^!<>=]+)([!<>=]+)(.+)$/s;

function readFilter(cursor: Cursor): Step {
  cursor.at += '[?('.length;
  const written = take(cursor, /(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[^)"'\n])*/y);
  if (cursor.text[cursor.at++] !== ')') throw invalid('unterminated filter');
  if (cursor.text[cursor.at++] !== ']') throw invalid('unclosed array expect ]');
  const [, left, written2 = '', right] = comparison.exec(written) ?? [];
  if (left === undefined || right === undefined) return { kind: 'filter', left: actionOf(written) };
  const operator = operators.find((each) => each === written2);
  if (operator === undefined) throw invalid(`unrecognized filter operator ${written2}`);
  return { kind: 'filter', left: actionOf(left), compare: { operator, right: actionOf(right) } };
}

function take(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.at;
  const [found = ''] = pattern.exec(cursor.text) ?? [];
  cursor.at += found.length;
  return found;
}

function invalid(why: string): StashError {
  return new StashError('usage', `invalid JSONPath: ${why}`, {
    hint: 'write it as for kubectl: \'{range .items[*]}{.metadata.name}{"\\n"}{end}\'',
  });
}
