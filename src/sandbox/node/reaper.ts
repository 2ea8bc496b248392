/** Kills process groups that would outlive this process, even if this process is killed itself. */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

export interface Reaper {
  add(group: number): void;
  /** Forgets the group, because its id may be reused from now on. */
  remove(group: number): void;
  /** Kills all groups that are left. */
  close(): void;
}

// The script's stdin closes when this process ends, for any reason.
const script = `
trap '' HUP INT TERM
groups=' '
while read -r change group; do
  case $change in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

/** Starts the reaper's shell. */
export function openReaper(): Reaper {
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Pods run shells only, so without a shell there is nothing to reap.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return {
    add: (group) => void child.stdin.write(`+ ${group}\n`),
    remove: (group) => void child.stdin.write(`- ${group}\n`),
    close: () => void child.stdin.end(),
  };
}
