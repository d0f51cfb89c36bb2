#!/bin/sh
# Restarts this member if what is installed differs from what runs: only while the others are a quorum without it,
# and with leadership handed over first.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh

deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))

others_suffice() {
  voters=$(members | awk '$5 == "false"' | wc -l)
  others=${OTHERS#,}
  [ -z "$others" ] && return 0
  well=$(healthy "$others" | wc -l)
  [ "$well" -ge $((voters / 2 + 1)) ] || [ "$well" -ge "$((voters - 1))" ]
}

hand_over() {
  own=$(status "$SELF") || return 0
  [ "$(echo "$own" | field MemberID)" = "$(echo "$own" | field Leader)" ] || return 0
  for name in $LEADER_ORDER; do
    entry=$(members | awk -v name="$name" '$2 == name && $5 == "false"')
    if [ -z "$entry" ] || [ "$name" = "$MEMBER" ]; then continue; fi
    id=$(echo "$entry" | cut -d' ' -f1)
    url=$(echo "$entry" | cut -d' ' -f4)
    [ -n "$(healthy "$url")" ] || continue
    say "handing leadership over to $name"
    ctl "$SELF" move-leader "$id" >/dev/null && return 0
  done
  say "no other member can lead; restarting the leader"
}

if systemctl is-active --quiet etcd && cmp -s /run/etcd/started.sha256 /etc/etcd/restart.sha256; then
  say "nothing to restart"
else
  if systemctl is-active --quiet etcd; then
    until others_suffice; do
      [ "$(date +%s)" -lt "$deadline" ] ||
        fail "not restarted: within $HEALTH_BUDGET_SECONDS s the other members never were a healthy quorum without it. Mend them first (etcdctl endpoint health --cluster), then deploy again"
      say "waiting for the other members to be healthy before the restart"
      sleep 2
    done
    hand_over
  fi
  say "restarting"
  if ! timeout "$HEALTH_BUDGET_SECONDS" systemctl restart etcd; then
    journal
    fail "etcd did not get ready within $HEALTH_BUDGET_SECONDS s after its restart; the other members keep running. Revert or mend the setting, then deploy again"
  fi
fi

# In service means: it commits writes itself, so it has caught up with the leader.
until [ -n "$(healthy "$SELF")" ]; do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    journal
    fail "does not answer healthy $HEALTH_BUDGET_SECONDS s after its restart; the rollout stops here"
  fi
  sleep 1
done
if [ "$(own_entry | cut -d' ' -f5)" = true ]; then
  exec /usr/local/lib/cdktf-etcd/join
fi
say "in service"
