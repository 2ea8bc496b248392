/** Expressions for the browser that measure what a reader sees. */

/** The width in pixels of all that the page contains; on a phone, the window grows with it. */
export const contentWidth = 'document.documentElement.scrollWidth';

export interface FaintText {
  readonly text: string;
  readonly ratio: number;
}

/**
 * Visible texts with less contrast to their background than 4.5 to 1, or 3 to 1 for large text: the limits of WCAG 2.2,
 * level AA. The luminance of a colour is measured on a canvas on which the colours of all ancestors lie below it.
 */
export const faintTexts = String.raw`(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const luminance = (colours) => {
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ancestors = (element) =>
    element.parentElement ? [...ancestors(element.parentElement), element] : [element];
  const hasOwnText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');
  return [...document.body.querySelectorAll('*')].flatMap((element) => {
    const style = getComputedStyle(element);
    const isShown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!hasOwnText(element) || !isShown) return [];
    const behind = ['white', ...ancestors(element).map((each) => getComputedStyle(each).backgroundColor)];
    const lights = [luminance(behind), luminance([...behind, style.color])];
    const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const text = element.textContent.trim().slice(0, 40);
    return ratio < (isLarge ? 3 : 4.5) ? [{ text, ratio: Math.round(ratio * 100) / 100 }] : [];
  });
})()`;
