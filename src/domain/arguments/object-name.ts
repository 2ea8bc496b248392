const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** Whether an object may be named so (DNS-1123 subdomain, at most 253 characters). */
export function isObjectName(text: string): boolean {
  return text.length <= 253 && subdomain.test(text);
}
