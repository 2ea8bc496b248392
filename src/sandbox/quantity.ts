/** Kubernetes quantities: `1Gi`, `500m`, `2e3`. */
const scales: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** Returns the number (bytes, for storage), rounded to a double; undefined if it is not a quantity. */
export function parseQuantity(value: unknown): number | undefined {
  const [, number, exponent = '', suffix = ''] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([A-Za-z]{1,2}))?$/.exec(String(value)) ?? [];
  const scale = scales[suffix];
  return number === undefined || scale === undefined ? undefined : Number(number + exponent) * scale;
}

const binary = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'];
const decimal = ['E', 'P', 'T', 'G', 'M', 'k'];

/** Returns for example `1Gi`: the largest binary unit without a fraction. Rounds up to whole bytes. */
export function formatQuantity(bytes: number): string {
  return inUnits(bytes, binary);
}

/** Returns the quantity as the API server prints it: `1Gi` for `1024Mi`, `1G` for `1000M`. */
export function canonicalQuantity(value: unknown): string {
  return inUnits(parseQuantity(value) ?? 0, String(value).endsWith('i') ? binary : decimal);
}

function inUnits(bytes: number, units: readonly string[]): string {
  const whole = Math.ceil(bytes);
  const unit = units.find((name) => whole > 0 && whole % (scales[name] ?? 1) === 0);
  return unit === undefined ? String(whole) : `${whole / (scales[unit] ?? 1)}${unit}`;
}
