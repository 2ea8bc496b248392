/** Node's limit for a timer: a longer one would fire at once. */
export const longestTimer = 2 ** 31 - 1;

/** As `setTimeout`, for a time that an object or a client asks for: after 24 days at the latest. */
export function startTimer(milliseconds: number, call: () => void): NodeJS.Timeout {
  return setTimeout(call, Math.min(milliseconds, longestTimer));
}
