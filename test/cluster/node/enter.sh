#!/bin/sh
# enter.sh DIRECTORY COMMAND...: runs COMMAND where a kubelet can do what it likes: in network, mount and process
# namespaces of their own. With the command ends all that it started, every mount, every address, every firewall rule.
# Only control groups outlive it; they are below one in each hierarchy, and are removed here.
#
# Standard input is the life line: when it ends, everything inside is killed.
set -u
directory=$1
shift
cgroup=kubectl-stash-node-$$
export NODE_CGROUP=$cgroup
here=$(dirname "$0")

# The command is told itself, by its own process group; this script has to clear up after it.
trap '' HUP INT TERM
exec 3<&0

hierarchies=$(awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts)

make_group() {
  mkdir -p "$1"
  # In version 1 a new set is empty, and takes no process.
  for file in cpuset.cpus cpuset.mems; do
    [ ! -f "$1/$file" ] || cat "$1/../$file" > "$1/$file"
  done
}

# Fails as long as a process is in it.
remove_group() {
  find "$1" -depth -type d -exec rmdir {} + 2> /dev/null
  [ ! -d "$1" ]
}

for root in $hierarchies; do
  # What an earlier run left that was killed together with this script: the number is its own.
  for left in "$root"/kubectl-stash-node-*; do
    [ ! -d "$left" ] || [ -d "/proc/${left##*-}" ] || remove_group "$left"
  done
  make_group "$root/$cgroup"
done

unshare --mount --net --ipc --pid --fork --kill-child --mount-proc \
  -- sh "$here/inside.sh" "$directory" "$@" 3<&- < /dev/null &
child=$!
{
  while read -r _ <&3; do :; done
  kill -s KILL "$child"
} 2> /dev/null &
life_line=$!
exec 3<&-
wait "$child"
status=$?
kill "$life_line" 2> /dev/null
for root in $hierarchies; do
  # The last processes of the namespaces may be going yet.
  tries=0
  until remove_group "$root/$cgroup" || [ $((tries += 1)) -gt 50 ]; do sleep 0.1; done
done
exit "$status"
