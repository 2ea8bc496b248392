/**
 * What a driver itself said: the words after the last `desc =` of a gRPC error, without its wrappers; else all of it. A driver may
 * report an error with an empty message, or with none.
 */
export function driverWords(message = ''): string {
  const marker = 'desc = ';
  const at = message.lastIndexOf(marker);
  const words =
    at < 0
      ? ''
      : message
          .slice(at + marker.length)
          .replace(/"\s*$/, '')
          .trim();
  if (words !== '') return words;
  return message.trim() === '' ? 'an error without words' : message;
}
