/** Ends process groups that would outlive this process, also when it is killed and can do nothing any more. */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

export interface Reaper {
  add(group: number): void;
  /** Its number may belong to someone else from now on. */
  remove(group: number): void;
  /** Ends all that are left. */
  close(): void;
}

// Its input ends when this process does, whatever the reason.
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

export function openReaper(): Reaper {
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Without a shell there is nothing to reap either: what runs in pods are shells.
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
