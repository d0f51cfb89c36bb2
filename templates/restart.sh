#!/bin/sh
# Restarts this member if what is laid down differs from what runs: only while the others are a quorum without it, and
# with leadership handed over first.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh
# shellcheck source=liveness.sh
. /usr/local/lib/cdktf-etcd/liveness.sh

deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))

# Voters that are about to leave count as long as they are there.
others_suffice() {
  well=0 well_urls=
  list=$(members)
  voters=$(echo "$list" | awk '$5 == "false"')
  count=$(echo "$voters" | grep -c .) || return 1
  others=$(echo "$voters" | awk -v url="$PEER_URL" '$3 != url && $4 != "-" { print $4 }' | paste -sd, -)
  [ "$count" -gt 1 ] || return 0
  well_urls=$(healthy "$others")
  well=$(echo "$well_urls" | grep -c . || true)
  [ "$well" -ge $((count / 2 + 1)) ] || [ "$well" -ge "$((count - 1))" ]
}

# Dead members that nobody declares any more would leave at the end of the deploy, which may not get there with them. They leave now
# where those that are well are a quorum without this one then.
without_strangers() {
  [ -n "$list" ] || return 0
  strangers=$(dead_strangers "$list")
  left=$((count - $(echo "$strangers" | grep -c . || true)))
  if [ "$well" -ge $((left / 2 + 1)) ]; then echo "$strangers" | remove_dead; fi
}

main_pid() { systemctl show -P MainPID etcd; }

# Told to stop, etcd takes no more requests, but waits for its clients' watches to end by themselves, as long as a request may
# take (5 s and two election timeouts), before it cuts them. Requests are through in a tenth of that, and whatever it has
# acknowledged is in its log.
restart_soon() {
  old=$(main_pid)
  # One job of systemd's, which starts etcd again should this step be cut off in between.
  # The lock of this step is not to outlive it.
  timeout "$HEALTH_BUDGET_SECONDS" systemctl restart etcd 9>&- &
  tenths=0
  while [ "$tenths" -lt 30 ] && [ "$old" != 0 ] && [ "$(main_pid)" = "$old" ]; do
    [ "$tenths" != 15 ] || kill -KILL "$old" 2>/dev/null || true
    sleep 0.1
    tenths=$((tenths + 1))
  done
  wait $!
}

# Who kept it from that, as they were found last.
unwell() {
  if [ -z "$voters" ]; then
    echo "no member says who they are"
    return
  fi
  echo "$voters" | awk -v url="$PEER_URL" '$3 != url { print $2, $4 }' | while read -r name client; do
    echo "$well_urls" | grep -qxF "$client" || echo "$name"
  done | paste -sd' ' - | sed 's/$/ can not be reached, or commits no writes/'
}

until_others_suffice() {
  until others_suffice; do
    [ "$(date +%s)" -lt "$deadline" ] ||
      fail "not restarted: within $HEALTH_BUDGET_SECONDS s the other members never were a healthy quorum without it: $(unwell). Mend them first (etcdctl endpoint health --cluster), then deploy again. One that has lost its data joins first: 'One machine anew' in docs/operations.md. If one is gone for good and its successor is to join after this step, remove it (etcdctl member remove <id>), and deploy again: the restart then interrupts writes for a moment"
    without_strangers
    say "waiting for the other members to be healthy before the restart"
    sleep 2
  done
}

if running_as_laid_down; then
  say "nothing to restart"
else
  if systemctl is-active --quiet etcd; then
    until_others_suffice
    # The best place of all is restarted last, so whoever takes over from it has the new settings already, and leadership moves
    # once.
    if leads "$SELF" && hand_over "$SELF"; then
      note "$HANDED_OVER" ""
      # It took a while.
      until_others_suffice
    fi
  fi
  say "restarting"
  if ! restart_soon; then
    journal
    fail "etcd did not get ready after its restart; the other members keep running, and none of them was touched after this one. Revert or mend the setting that it refuses, or whatever else it says above, then deploy again"
  fi
fi

# In service means: it commits writes itself, so it has caught up with the leader.
until commits "$SELF"; do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    journal
    fail "does not answer healthy $HEALTH_BUDGET_SECONDS s after its restart; the rollout stops here. Mend what etcd says (journalctl -u etcd there), then deploy again to carry on"
  fi
  sleep 0.3
done
# Should a join have been cut off after its promotion.
/usr/local/lib/cdktf-etcd/retire-predecessor
say "in service"
