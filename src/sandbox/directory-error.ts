/** The directory cannot be used in its current state; `hint` says what to do. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
