/** Words in an object that become expressions of Helm's template language when the object is printed. */
import { dump } from 'js-yaml';

/** `value`: the text of an expression, for example `$.Release.Namespace`. */
type Placeholder =
  | { readonly is: 'value'; readonly expression: string }
  /** Takes the place of a whole line. `indent` is the indentation of that line. */
  | { readonly is: 'lines'; readonly lines: (indent: number) => readonly string[] };

const word = /stash-placeholder-\d+-/;

export class Placeholders {
  readonly #known = new Map<string, Placeholder>();

  value(expression: string): string {
    return this.#add({ is: 'value', expression });
  }

  lines(lines: (indent: number) => readonly string[]): string {
    return this.#add({ is: 'lines', lines });
  }

  /** The lines of YAML for an object, still with placeholders: equal lines of two objects stay equal. */
  print(object: unknown): readonly string[] {
    return dump(object, { lineWidth: -1, noRefs: true }).trimEnd().split('\n');
  }

  /** Lines of a template in place of lines with placeholders. */
  resolve(lines: readonly string[]): readonly string[] {
    return lines.flatMap((line) => this.#resolveLine(line));
  }

  #add(placeholder: Placeholder): string {
    const found = [...this.#known].find(([, known]) => textOf(known) === textOf(placeholder));
    if (found) return found[0];
    const name = `stash-placeholder-${this.#known.size}-`;
    this.#known.set(name, placeholder);
    return name;
  }

  #resolveLine(line: string): readonly string[] {
    const [name] = word.exec(line) ?? [];
    if (name === undefined) return [line];
    const placeholder = this.#known.get(name);
    if (placeholder === undefined) throw new Error(`no such placeholder: ${line}`);
    if (placeholder.is === 'lines') return this.resolve(placeholder.lines(line.search(/\S/)));
    const { expression } = placeholder;
    const isWhole = line.endsWith(` ${name}`);
    return this.#resolveLine(
      line.replace(name, isWhole ? `{{ ${expression} }}` : `{{ ${bare(expression)} }}`),
    );
  }
}

function textOf(placeholder: Placeholder): string {
  return placeholder.is === 'value' ? placeholder.expression : placeholder.lines(0).join('\n');
}

/** Within a longer word, a value needs no quotes. */
function bare(expression: string): string {
  return expression.replace(/ \| quote$/, '');
}
