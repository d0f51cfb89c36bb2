#!/bin/sh
# The way back when a majority is lost for good: founds the cluster anew from this member's data, with this member alone in
# it. The others join as if they were new. What only lost members held is lost.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh

deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
FORCE=/run/systemd/system/etcd.service.d/force-new-cluster.conf

# Interrupted after the new cluster was there: what follows has nothing left to do but to take note.
alone() { [ -n "$(healthy "$SELF")" ] && [ "$(members | wc -l)" = 1 ]; }

# Writes that this member does not have, but another one that still answers.
furthest() {
  for url in $(echo "$OTHERS" | tr ',' ' '); do
    theirs=$(status "$url" | field RaftIndex)
    [ -z "$theirs" ] || [ "$theirs" -le "$own" ] || echo "$url has entries up to $theirs"
  done
}

if ! alone; then
  [ -z "$(healthy "$SELF")" ] ||
    fail "there is nothing to recover: the cluster commits writes. Take the prop 'recoverFrom' out again. Nothing was changed"
  own=$(status "$SELF" | field RaftIndex)
  [ -n "$own" ] || fail "etcd does not run on this member: start it (systemctl start etcd), or name another survivor in 'recoverFrom'. Nothing was changed"
  further=$(furthest)
  [ -z "$further" ] ||
    fail "$further, this member only up to $own: name that one in 'recoverFrom', or less would be kept than is there. Nothing was changed"
  say "founding the cluster anew from this member's data, which goes up to entry $own: writes that only lost members held are lost"
  systemctl stop etcd
  rm -rf /var/lib/etcd.before-recovery.new
  cp -a /var/lib/etcd /var/lib/etcd.before-recovery.new
  mv /var/lib/etcd.before-recovery.new "/var/lib/etcd.before-recovery.$(date +%s)"
  # In /run: should this machine go down now, its next boot does not do it again.
  mkdir -p "${FORCE%/*}"
  printf '[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\n' >"$FORCE"
  systemctl daemon-reload
  systemctl start --no-block etcd
  until [ -n "$(healthy "$SELF")" ]; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
      journal
      fail "does not get healthy with the data that it has; that is kept in /var/lib/etcd.before-recovery.*. Name another survivor in 'recoverFrom', or restore a snapshot"
    fi
    sleep 0.5
  done
fi
rm -f "$FORCE"
systemctl daemon-reload
echo "$GENESIS" >"$FOUNDED"
say "the cluster is founded anew, with this member alone in it; the others join now"
