#!/bin/sh
# Joins a running cluster: as a learner with a fresh identity, promoted when it has caught up; then its predecessor of the
# same name is removed. Every step looks first, so a join that was interrupted is carried on.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh

# The cluster may be on machines alone that are on their way out.
OTHERS=$OTHERS$LEAVING
deadline=$(($(date +%s) + JOIN_BUDGET_SECONDS))
in_time() {
  [ "$(date +%s)" -lt "$deadline" ] && return 0
  journal
  fail "$1 within $JOIN_BUDGET_SECONDS s; deploy again to carry on"
}

# A predecessor that is dead must go first: etcd adds nobody while a voter is missing. One that lives goes last.
remove_dead_predecessors() {
  members | awk -v name="$MEMBER" -v url="$PEER_URL" '$2 == name && ($3 != url || $4 != "-")' | while read -r id _ peer client _; do
    if [ "$peer" = "$PEER_URL" ] || [ -z "$(healthy "$client")" ]; then
      say "removing its dead predecessor $id ($peer)"
      why=$(remove_member "${OTHERS#,}" "$id") || fail "its dead predecessor was not removed: $why. Bring the other members back to health, then deploy again"
    fi
  done
}

if [ ! -e "$DATA" ]; then
  /usr/local/lib/cdktf-etcd/check-version /etc/etcd/declared.env "${OTHERS#,}"
  remove_dead_predecessors
  until [ -n "$(own_entry)" ]; do
    in_time "could not be added"
    if out=$(ctl "${OTHERS#,}" member add "$MEMBER" --learner --peer-urls="$PEER_URL" 2>&1); then
      say "added as a learner"
    else
      say "not added yet: $(echo "$out" | tail -n 1)"
      sleep 2
    fi
  done
  # etcd matches the others by their addresses; a name may stand twice while a predecessor lives, so ids serve as names.
  initial=$(members | awk -v me="$MEMBER" -v url="$PEER_URL" '{ printf "%s%s=%s", (NR > 1 ? "," : ""), ($3 == url ? me : $1), $3 }')
  printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=existing\n' "$initial" >/etc/etcd/bootstrap.env
  say "starting as a learner"
  systemctl restart --no-block etcd
fi

until [ "$(own_entry | cut -d' ' -f5)" = false ]; do
  in_time "was not promoted"
  id=$(own_entry | cut -d' ' -f1)
  if out=$(ctl "$SELF$OTHERS" member promote "$id" 2>&1); then
    say "caught up: promoted to a voting member"
  else
    [ "${waited:-}" ] || say "catching up"
    waited=yes
    sleep 0.5
  fi
done

until [ -n "$(healthy "$SELF")" ]; do
  in_time "did not get healthy"
  sleep 0.3
done

members | awk -v name="$MEMBER" -v url="$PEER_URL" '$2 == name && $3 != url' | while read -r id _ peer client _; do
  if [ "$client" != - ] && leads "$client"; then
    say "taking leadership over from its predecessor"
    transfer "$client" "$(member_id "$SELF")" || say "its predecessor keeps leadership until it is removed"
  fi
  say "retiring its predecessor $id ($peer)"
  why=$(remove_member "$SELF$OTHERS" "$id") || fail "its predecessor was not removed: $why. Bring the other members back to health, then deploy again"
done
systemctl disable --quiet etcd-join.service
echo "$GENESIS" >"$FOUNDED"
say "in service"
