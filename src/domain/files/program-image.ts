/** Which images contain this program: the released one, or a copy of it in another registry. */
import { imageRepository } from '#src/api/operator.ts';

/** The program in the image. */
export const programInImage = '/kubectl-stash';

/** Whether the last part of the image's name, without tag and digest, is that of our repository. */
export function holdsProgram(image: string): boolean {
  return lastPart(image.replace(/@.*$/, '')).replace(/:.*$/, '') === lastPart(imageRepository);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
