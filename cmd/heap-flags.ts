/**
 * V8's options for the program. V8 lets the space for new objects grow to 64 MiB and more, which saves collections; of a
 * command that reads a large cluster it would be half of the memory, and it lives no longer than a few seconds.
 */
export const heapFlags: readonly string[] = ['--max-semi-space-size=4'];
