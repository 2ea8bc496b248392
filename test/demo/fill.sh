# Fills the directory $1 with typical contents of a volume: random bytes, a program, a symlink, an empty
# directory.
set -e
cd "$1"
mkdir -p orders/archive inbox
head -c 3000000 /dev/urandom > orders/current.bin
head -c 1000001 /dev/urandom > orders/archive/old.bin
printf '#!/bin/sh\necho "$(hostname) counts $(ls orders | wc -l) orders"\n' > count.sh
chmod 750 count.sh
ln -s orders/current.bin latest
