/** PURE. The address that `--listen` takes: `:8080`, `127.0.0.1:8080`, `[::1]:0`. */
import { StashError } from '#src/errors.ts';

export interface ListenAddress {
  /** Left out: all addresses of the machine. */
  readonly host?: string | undefined;
  /** 0: any free port. */
  readonly port: number;
}

/** @throws StashError 'usage' if `text` is not HOST:PORT or :PORT */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:\[([\da-f:.]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) {
    throw new StashError('usage', `"${text}" is not an address to listen on`, {
      hint: 'write HOST:PORT, or :PORT for every address; :0 takes a free port',
    });
  }
  const host = bracketed ?? plain;
  return { port, ...(host !== undefined && host !== '' && { host }) };
}
