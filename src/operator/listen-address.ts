/** PURE. `:8080`, `127.0.0.1:8080`, `[::1]:0`: where to listen. */
import { StashError } from '#src/errors.ts';

export interface ListenAddress {
  /** Left out: every address of the machine. */
  readonly host?: string | undefined;
  /** 0: whichever is free. */
  readonly port: number;
}

export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:\[([\da-f:.]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) {
    throw new StashError('usage', `"${text}" is no address to listen at`, {
      hint: 'write HOST:PORT, or :PORT for every address; :0 takes a free port',
    });
  }
  const host = bracketed ?? plain;
  return { port, ...(host !== undefined && host !== '' && { host }) };
}
