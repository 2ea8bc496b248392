#!/bin/sh
# enter.sh DIRECTORY COMMAND...: runs COMMAND in network, mount and process namespaces of its own, where a
# kubelet may change anything. When the command ends, so do all processes that it started, and all its mounts,
# addresses and firewall rules are gone. Only control groups outlive it: they are below one group per
# hierarchy, and this script removes them.
#
# Standard input is the lifeline: when it ends, everything inside is killed.
set -u
directory=$1
shift
cgroup=kubectl-stash-node-$$
export NODE_CGROUP=$cgroup
here=$(dirname "$0")

# Signals reach the command through its own process group; this script has to survive them to clean up.
trap '' HUP INT TERM
exec 3<&0

hierarchies=$(awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts)

make_group() {
  mkdir -p "$1"
  # In cgroup v1, a new cpuset is empty and accepts no process.
  for file in cpuset.cpus cpuset.mems; do
    [ ! -f "$1/$file" ] || cat "$1/../$file" > "$1/$file"
  done
}

# Fails while the group contains a process.
remove_group() {
  find "$1" -depth -type d -exec rmdir {} + 2> /dev/null
  [ ! -d "$1" ]
}

for root in $hierarchies; do
  # Remove groups of an earlier run that was killed together with this script; their names contain its process
  # id.
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
# A kubelet that was killed has not detached the loop devices by which it keeps block volumes. The kernel detaches the
# volumes' own ones after them.
losetup --list --noheadings --output NAME,BACK-FILE 2> /dev/null | while read -r device file; do
  case $file in "$directory"/kubelet/*) losetup --detach "$device" ;; esac
done
for root in $hierarchies; do
  # The last processes of the namespaces may still be exiting.
  tries=0
  until remove_group "$root/$cgroup" || [ $((tries += 1)) -gt 50 ]; do sleep 0.1; done
done
exit "$status"
