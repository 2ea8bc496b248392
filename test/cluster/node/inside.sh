#!/bin/sh
# inside.sh DIRECTORY COMMAND...: the first process in the namespaces that enter.sh creates. It prepares them,
# runs COMMAND, and reaps orphaned processes, as process 1 has to.
set -eu
directory=$1
shift

mount --make-rshared /
# Kubelet, containerd and the CNI plugins write here, whatever their configuration says.
for path in /run /var/lib /var/log; do mount -t tmpfs tmpfs "$path"; done

# A kubelet expects these kernel settings and would change others. Show it these values and leave the kernel's
# settings alone.
mkdir -p "$directory/sysctl"
wants() {
  echo "$2" > "$directory/sysctl/$(basename "$1")"
  [ ! -f "/proc/sys/$1" ] || mount --bind "$directory/sysctl/$(basename "$1")" "/proc/sys/$1"
}
wants vm/overcommit_memory 1
wants vm/panic_on_oom 0
wants kernel/panic 10
wants kernel/panic_on_oops 1
wants kernel/keys/root_maxkeys 1000000
wants kernel/keys/root_maxbytes 25000000

# One bridge carries the addresses of the node and its pods.
ip link set lo up
ip link add "$NODE_BRIDGE" type bridge
ip addr add "$NODE_ADDRESS/${NODE_POD_RANGE#*/}" dev "$NODE_BRIDGE"
ip link set "$NODE_BRIDGE" up
echo 1 > /proc/sys/net/ipv4/ip_forward

# Snapshots of subvolumes are atomic and take milliseconds.
mkdir -p "$directory/volumes"
if [ "${NODE_FILE_SYSTEM:-}" = btrfs ]; then
  truncate -s 8G "$directory/volumes.img"
  mkfs.btrfs -q "$directory/volumes.img" > /dev/null
  mount -o loop,noatime "$directory/volumes.img" "$directory/volumes"
fi

"$@" &
command=$!
trap 'kill -s TERM "$command"' HUP INT TERM
set +e
wait "$command"
status=$?
while kill -s 0 "$command" 2> /dev/null; do
  wait "$command"
  status=$?
done
exit "$status"
