/** Why what we ask of the server has no answer, for as long as it has none. */
export interface Trouble {
  /** Undefined while there is none. */
  readonly words: () => string | undefined;
  /** Undefined: it is over. */
  readonly tell: (words: string | undefined) => void;
  /** `ring` is called, from now on, when there is trouble and when it is over. */
  readonly onChange: (ring: () => void) => void;
  /** As a note beside the claims. */
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
