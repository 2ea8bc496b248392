/** Reads the commands and their expected output from a guide. */

export interface GuideStep {
  readonly command: string;
  /** Expected lines of standard output, in order; `…` matches any text. Other lines may come in between. */
  readonly expected: readonly string[];
}

/**
 * Returns the commands of all `console` blocks: each is a line after `$ `, with the lines of its
 * here-document, if it has one.
 */
export function readGuide(markdown: string): GuideStep[] {
  const blocks = markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, block = '']) => {
    const steps: { command: string; expected: string[] }[] = [];
    let end: string | undefined;
    for (const line of block.trimEnd().split('\n')) {
      const step = steps.at(-1);
      if (end !== undefined && step) {
        step.command += `\n${line}`;
        if (line === end) end = undefined;
      } else if (line.startsWith('$ ')) {
        steps.push({ command: line.slice(2), expected: [] });
        end = /<<'?(\w+)'?/.exec(line)?.[1];
      } else step?.expected.push(line);
    }
    return steps;
  });
}

/** Returns the first expected line that is missing, or undefined if none is. */
export function missingLine(expected: readonly string[], output: string): string | undefined {
  const lines = output.split('\n');
  let from = 0;
  for (const line of expected) {
    const pattern = new RegExp(`^${line.split('…').map(RegExp.escape).join('.*')}$`);
    const at = lines.findIndex((candidate, index) => index >= from && pattern.test(candidate.trimEnd()));
    if (at < 0) return line;
    from = at + (line === '…' ? 0 : 1);
  }
  return undefined;
}

/**
 * Returns the images of the guide's pods that are not among `there`; both in any form that containerd
 * accepts.
 */
export function missingImages(markdown: string, there: readonly string[]): string[] {
  const used = [...markdown.matchAll(/^ *(?:- )?image: *(\S+)$/gm)].map(([, image = '']) => image);
  const known = there.map(fullReference);
  return [...new Set(used)].filter((image) => !known.includes(fullReference(image)));
}

function fullReference(image: string): string {
  const named = /^[^/]*[.:][^/]*\//.test(image)
    ? image
    : `docker.io/${image.includes('/') ? image : `library/${image}`}`;
  return /:[^/]*$/.test(named) ? named : `${named}:latest`;
}
