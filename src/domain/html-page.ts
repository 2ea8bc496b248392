/** Recognizes HTML pages that a proxy, a login or a web server returns in place of an API response. */

/** Returns the title of an HTML page, else its text without markup, in one line. Undefined if `text` is not HTML. */
export function wordsOfPage(text: string): string | undefined {
  if (!/^\s*(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*<(!doctype\s+html|html|head|body|title)\b/i.test(text)) {
    return undefined;
  }
  const title = plain(/<title\b[^>]*>([^]*?)<\/title\s*>/i.exec(text)?.[1] ?? '');
  return title === '' ? plain(text) : title;
}

function plain(markup: string): string {
  return markup
    .replace(/<(script|style)\b[^]*?<\/\1\s*>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(nbsp|#160);/gi, ' ')
    .replace(/&lt;/gi, '<')
    .replace(/&gt;/gi, '>')
    .replace(/&quot;/gi, '"')
    .replace(/&amp;/gi, '&')
    .replace(/\s+/g, ' ')
    .trim();
}
