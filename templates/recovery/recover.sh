#!/bin/sh
# The way back when a majority is lost for good: founds the cluster anew from this member's data, with this member alone in it. The
# others then join as if they were new. Writes that only lost members held are lost.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh

deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
SAFE=/var/lib/etcd.before-recovery

# Whether the new cluster is there already, as an earlier try was cut off after that.
alone() { commits "$SELF" && [ "$(members | wc -l)" = 1 ]; }

# The last entry that this member knows to be committed. A member that was started without a quorum does not serve clients; then its
# metrics tell what it has applied.
committed() {
  _index=$(status "$SELF" | field RaftIndex)
  [ -n "$_index" ] || _index=$(curl -sS --max-time 2 http://127.0.0.1:2381/metrics 2>/dev/null |
    awk '$1 == "etcd_server_proposals_applied_total" { printf "%d", $2 }')
  [ "${_index:-0}" -gt 0 ] && echo "$_index"
}

# Says which members that still answer have entries that this one ($own) does not have.
furthest() {
  for url in $OTHERS; do
    theirs=$(status "$url" | field RaftIndex)
    [ -z "$theirs" ] || [ "$theirs" -le "$own" ] || echo "$url has entries up to $theirs"
  done
}

if ! alone; then
  # Somebody who looked for what is wrong, or an earlier try that was cut off, may have stopped it.
  systemctl start --no-block etcd
  until own=$(committed); do
    if [ "$(date +%s)" -ge "$deadline" ]; then
      journal
      fail "etcd does not start on this member: mend what it says above, or name another survivor in ClusterOrigin.fromSurvivor, or restore a snapshot. Nothing was changed"
    fi
    sleep 0.5
  done
  # Not just once: a quorum may be about to elect a leader.
  _end=$(($(date +%s) + SILENCE_SECONDS))
  while :; do
    [ -z "$(healthy "$SELF $OTHERS")" ] ||
      fail "there is nothing to recover: the cluster commits writes. Take the survivor out again: origin: ClusterOrigin.empty({ founding: $GENESIS }), which empties nothing. Nothing was changed"
    [ "$(date +%s)" -lt "$_end" ] || break
    sleep 1
  done
  further=$(furthest)
  [ -z "$further" ] ||
    fail "$further, this member only up to $own: name that one in ClusterOrigin.fromSurvivor, or less would be kept than is there. Nothing was changed"
  rm -rf "$SAFE.new"
  size=$(du -s -B1 /var/lib/etcd | cut -f1)
  room=$(df -B1 --output=avail "${SAFE%/*}" | tail -n 1)
  [ "$room" -ge $((size + 268435456)) ] ||
    fail "its data are to be kept as they are, which takes $((size / 1048576)) MiB, and only $((room / 1048576)) MiB of disk are free: leave 256 more, then deploy again. Nothing was changed"
  say "founding the cluster anew from this member's data, which goes up to entry $own: writes that only lost members held are lost"
  systemctl stop etcd
  cp -a /var/lib/etcd "$SAFE.new"
  mv "$SAFE.new" "$SAFE.$(date +%s)"
  mkdir -p "${FORCE_NEW_CLUSTER%/*}"
  printf '[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\n' >"$FORCE_NEW_CLUSTER"
  systemctl daemon-reload
  systemctl start --no-block etcd
  deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
  until commits "$SELF"; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
      stop_forcing
      journal
      fail "does not get healthy with the data that it has; that is kept in $SAFE.*. Name another survivor in ClusterOrigin.fromSurvivor, or restore a snapshot"
    fi
    sleep 0.5
  done
fi
stop_forcing
note "$FOUNDED" "$GENESIS"
say "the cluster is founded anew, with this member alone in it; the others join now"
