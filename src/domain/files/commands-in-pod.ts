/** The commands that run beside the files. */
import { lastPart } from './claim-path.ts';
import { livePath, restoredPath } from './files-pod.ts';
import { holdsProgram, programInImage } from './program-image.ts';

/** Writes an archive whose root is the last part of the path, or `.`. */
export function sendFilesCommand(image: string, path: string): string[] {
  if (holdsProgram(image))
    return [programInImage, 'operator', 'send-files', '--root', restoredPath, ...pathFlag(path)];
  const name = lastPart(path) ?? '.';
  const above = path.slice(0, Math.max(0, path.length - name.length - 1));
  const directory = path === '' || above === '' ? restoredPath : `${restoredPath}/${above}`;
  return ['tar', '-C', directory, '-cf', '-', '--', name];
}

export function sendImageCommand(image: string): string[] {
  if (holdsProgram(image)) return [programInImage, 'operator', 'send-image', '--device', restoredPath];
  return ['cat', restoredPath];
}

/** Only our own program compares. */
export function compareCommand(path: string, byContents: boolean): string[] {
  return [
    ...[programInImage, 'operator', 'compare-files', '--restored', restoredPath, '--live', livePath],
    ...pathFlag(path),
    ...(byContents ? ['--checksum'] : []),
  ];
}

export function shellCommand(image: string): string[] {
  if (holdsProgram(image)) return [programInImage, 'operator', 'browse-files', '--root', restoredPath];
  return ['sh', '-c', `cd ${restoredPath} && exec sh`];
}

function pathFlag(path: string): string[] {
  return path === '' ? [] : [`--path=${path}`];
}
