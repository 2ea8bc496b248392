const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** Whether `text` is a valid object name: a DNS-1123 subdomain of at most 253 characters. */
export function isObjectName(text: string): boolean {
  return text.length <= 253 && subdomain.test(text);
}
