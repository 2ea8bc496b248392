/** Draws the Mermaid diagrams of the pages, which GitHub draws by itself. */
import { renderMermaidSVG } from 'beautiful-mermaid';

const themes = [
  { name: 'light', bg: '#ffffff', fg: '#3c3c43' },
  { name: 'dark', bg: '#1b1b1f', fg: '#dfdfd6' },
] as const;

/** Pixels: a diagram must be read in the width of a page. */
const spacing = { padding: 4, nodeSpacing: 12, layerSpacing: 28 };

/** Returns an image for each theme, of which style.css shows one; `accTitle` of the diagram is its alternative text. */
export function diagramImages(source: string): string {
  const [, title = ''] = /^\s*accTitle:\s*(.+)$/m.exec(source) ?? [];
  const drawn = source.replace(/^\s*accTitle:.*\n/m, '');
  const images = themes
    .map(({ name, bg, fg }) => {
      const svg = withoutWebFonts(renderMermaidSVG(drawn, { bg, fg, font: 'Helvetica', ...spacing }));
      const data = Buffer.from(svg).toString('base64');
      return `<img class="diagram diagram-${name}" alt="${escape(title)}" src="data:image/svg+xml;base64,${data}">`;
    })
    .join('\n');
  return `<div class="diagrams" tabindex="0">${images}</div>`;
}

/** It would ask another host for the font. */
function withoutWebFonts(svg: string): string {
  return svg.replaceAll(/^\s*@import .*$/gm, '');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
