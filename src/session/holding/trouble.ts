/** Why the API server does not answer this executor's requests, for as long as it does not. */
export interface Trouble {
  /** Undefined while the API server answers. */
  readonly words: () => string | undefined;
  /** Undefined: the API server answers again. */
  readonly tell: (words: string | undefined) => void;
  /** Calls `ring`, from now on, whenever the words change. */
  readonly onChange: (ring: () => void) => void;
  /** The words as notes, to be shown beside the claims. */
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
