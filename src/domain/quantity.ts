/** Parses and formats Kubernetes quantities (`1Gi`, `500M`, `1e9`, `1.5Ti`). */

const binaryUnits = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
/** Beyond the range of a quantity, yet cheap to compute. */
const largestExponent = 40;

const quantity = /^\+?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))$/;

/** Returns bytes, rounded up. Undefined if `text` is malformed or negative. */
export function parseQuantity(text: string): bigint | undefined {
  const match = quantity.exec(text);
  if (!match) return undefined;
  const [, whole = '', trailing, leading, binary, decimal = '', exponent] = match;
  const fraction = trailing ?? leading ?? '';
  const power = (exponent === undefined ? decimalExponents[decimal] : Number(exponent)) ?? 0;
  if (Math.abs(power) > largestExponent) return undefined;
  const digits = BigInt(whole + fraction);
  const factor = binary === undefined ? 1n : 1024n ** BigInt(binaryUnits.indexOf(binary));
  const tens = power - fraction.length;
  return tens >= 0 ? digits * factor * 10n ** BigInt(tens) : divideUp(digits * factor, 10n ** BigInt(-tens));
}

/**
 * Formats for people, in the largest unit that is not larger than the value, to one decimal place: `1Gi`, `1.5Gi`,
 * `512Mi`.
 */
export function formatBytes(bytes: bigint): string {
  let power = 0;
  let tenths = bytes * 10n;
  while (tenths >= 10240n && power < binaryUnits.length - 1) {
    power += 1;
    const unit = 1024n ** BigInt(power);
    tenths = (bytes * 10n + unit / 2n) / unit;
  }
  const decimal = tenths % 10n === 0n ? '' : `.${tenths % 10n}`;
  return `${tenths / 10n}${decimal}${binaryUnits[power] ?? ''}`;
}

/** Formats the size of a file for people: `17 bytes`, `1.5Ki`. */
export function formatSize(bytes: number): string {
  const whole = Math.floor(bytes);
  if (whole >= 1024) return formatBytes(BigInt(whole));
  return whole === 1 ? '1 byte' : `${whole} bytes`;
}

/**
 * Returns the larger of two quantities, as spelled. An absent or malformed quantity counts as smaller than any other.
 */
export function maxQuantity(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (parseQuantity(b) ?? -1n) > (parseQuantity(a) ?? -1n) ? b : a;
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
