/** Markdown that GitHub and the site show alike. */

/** A table; cells are Markdown, in which `|` needs no escape. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapePipes).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function escapePipes(cell: string): string {
  return cell.replaceAll('|', String.raw`\|`);
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** Text of a help page: quoted commands and flags become code, like what stands between backticks. Nothing else is markup. */
export function prose(text: string): string {
  return text
    .replaceAll(/"(kubectl [^"]+)"/g, '`$1`')
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? code(part) : flagsAsCode(part)))
    .join('');
}

const flag = /(?<![\w-])(--[a-z][\w-]*(?:=[\w,]*\w)?|-[A-Za-z])(?![\w-])/;

function flagsAsCode(text: string): string {
  return text
    .split(flag)
    .map((part, index) => (index % 2 === 1 ? code(part) : part.replaceAll(/[<>*{}[\]]/g, String.raw`\$&`)))
    .join('');
}

export function shell(lines: string): string {
  return `\`\`\`sh\n${lines}\n\`\`\``;
}

/** A whole page: title, then paragraphs, lists and tables. `source`: what to change in place of the page. */
export function page(title: string, source: string, blocks: readonly string[]): string {
  const notice = `<!-- Printed by \`npm run docs\`: change ${source} instead. -->`;
  return `${[notice, `# ${title}`, ...blocks].join('\n\n')}\n`;
}
