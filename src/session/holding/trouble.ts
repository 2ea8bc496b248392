/** Records why the API server does not answer this executor's requests. */
export interface Trouble {
  /** Undefined while the API server answers. */
  readonly words: () => string | undefined;
  /** Called with undefined when the API server answers again. */
  readonly tell: (words: string | undefined) => void;
  /** Calls `ring` whenever the words change from now on. */
  readonly onChange: (ring: () => void) => void;
  /** Returns the words as notes, to show beside the claims. */
  readonly notes: () => string[];
}

export function createTrouble(): Trouble {
  let told: string | undefined;
  let ring: () => void = () => undefined;
  return {
    words: () => told,
    tell: (words) => {
      if (words === told) return;
      told = words;
      ring();
    },
    onChange: (listener) => {
      ring = listener;
    },
    notes: () => (told === undefined ? [] : [told]),
  };
}
