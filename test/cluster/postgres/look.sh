# Checks the database that starts in this pod, and prints its first problem or `usable`. $1: how many rows of
# the history the transactions that had ended at $2 committed. $sums is a query of the sums that must be
# equal.
wrong() {
  echo "$1: $(printf '%s\n' "$2" | head -n 1)"
  exit 0
}

tries=0
until pg_isready -q -h 127.0.0.1; do
  if [ -e /tmp/ended ] || [ $((tries += 1)) -gt 600 ]; then
    wrong 'does not start' "$(grep -o 'PANIC: .*' /tmp/log || grep FATAL /tmp/log || tail -n 1 /tmp/log)"
  fi
  sleep 0.2
done
found=$(psql -At -c "select count(*) from pgbench_history where pg_visible_in_snapshot(xmin::text::xid8, '$2')" 2>&1)
[ "$found" = "$1" ] || wrong 'lacks what was committed' "$found of $1 lines"
found=$(psql -At -c "select count(distinct total) from ($sums) as sums (total)" 2>&1)
[ "$found" = 1 ] || wrong 'different sums' "$found"
found=$(pg_amcheck --install-missing --heapallindexed 2>&1) || wrong 'damaged' "$found"
echo usable
