/** What a driver itself said: the words after the last `desc =` of a gRPC error, without its wrappers; else all of it. */
export function driverWords(message: string): string {
  const marker = 'desc = ';
  const at = message.lastIndexOf(marker);
  const words =
    at < 0
      ? ''
      : message
          .slice(at + marker.length)
          .replace(/"\s*$/, '')
          .trim();
  return words === '' ? message : words;
}
