#!/bin/sh
# Restarts this member if what is laid down differs from what runs: only while the others are a quorum without it, and
# with leadership handed over first. But where an authority has run out, that can't be had before the restart.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh
# shellcheck source=liveness.sh
. /usr/local/lib/cdktf-etcd/liveness.sh
# shellcheck source=authorities.sh
. /usr/local/lib/cdktf-etcd/authorities.sh

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
  enough "$well"
}

# Whether that many of the other voters are a quorum without this one, or all that there are.
enough() { [ "$1" -ge $((count / 2 + 1)) ] || [ "$1" -ge "$((count - 1))" ]; }

# Dead members that nobody declares any more would leave at the end of the deploy, which may not get there with them. They leave now
# where those that are well are a quorum without this one then.
without_strangers() {
  [ -n "$list" ] || return 0
  strangers=$(dead_strangers "$list")
  left=$((count - $(echo "$strangers" | grep -c . || true)))
  if [ "$well" -ge $((left / 2 + 1)) ]; then echo "$strangers" | remove_dead; fi
}

# Whether the others can't be seen to be enough before this member has restarted, as its own etcd runs with an authority that has run
# out: if nobody commits writes, there is nothing to interrupt; else only if all that is missing is missing for that reason.
waiting_is_in_vain() {
  [ -n "$outdated" ] || return 1
  commits "$SELF$OTHERS" || return 0
  [ -n "$list" ] || return 1
  enough "$(echo "$voters" | awk -v url="$PEER_URL" '$3 != url && $4 != "-" { print $3, $4 }' | while read -r _peer _client; do
    ! well_or_kept_apart "$_peer" "$_client" || echo "$_client"
  done | wc -l)"
}

# A member that has yet to restart refuses this one; one that has waits for this one to follow.
well_or_kept_apart() { # well_or_kept_apart PEER_URL CLIENT_URL
  commits "$2" || refuses_as_client "$2" || refuses_as_peer "$1" ||
    case $outdated in *peers*) accepts_as_peer "$1" ;; *) false ;; esac
}

# Whether it may not get ready by itself once it is restarted: there are members that will refuse it until they have been, too.
may_be_apart() {
  case $outdated in
  *peers*) ;;
  *) ! systemctl is-active --quiet etcd || return 1 ;;
  esac
  [ -n "$(peers_that refuses_as_peer)" ]
}

# Whether it is up, and only waits for those: whom it has found again is no quorum with it yet.
waits_for_peers() {
  curl -sS -o /dev/null --max-time 2 http://127.0.0.1:2381/metrics 2>/dev/null || return 1
  found=$(($(peers_that accepts_as_peer | wc -l) + 1))
  quorum=$((($(echo "$OTHER_PEER_URLS" | wc -w) + 1) / 2 + 1))
  [ "$found" -lt "$quorum" ] && [ $((found + $(peers_that refuses_as_peer | wc -l))) -ge "$quorum" ]
}

main_pid() { systemctl show -P MainPID etcd; }

# Told to stop, etcd takes no more requests, but waits for its clients' watches to end by themselves, as long as a request may
# take (5 s and two election timeouts), before it cuts them. Requests are through in a tenth of that, and whatever it has
# acknowledged is in its log.
restart_soon() { # restart_soon [--no-block]
  old=$(main_pid)
  # One job of systemd's, which starts etcd again should this step be cut off in between.
  # The lock of this step is not to outlive it.
  timeout "$HEALTH_BUDGET_SECONDS" systemctl restart "$@" etcd 9>&- &
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
    if waiting_is_in_vain; then
      say "not waiting for the other members: an authority that its etcd runs with has run out, and the new one is read by a restart alone"
      in_vain=yes
      return 0
    fi
    [ "$(date +%s)" -lt "$deadline" ] ||
      fail "not restarted: within $HEALTH_BUDGET_SECONDS s the other members never were a healthy quorum without it: $(unwell). Mend them first (etcdctl endpoint health --cluster), then deploy again. One that has lost its data joins first: 'One machine anew' in docs/operations.md. If one is gone for good and its successor is to join after this step, remove it (etcdctl member remove <id>), and deploy again: the restart then interrupts writes for a moment"
    without_strangers
    say "waiting for the other members to be healthy before the restart"
    sleep 2
  done
}

apart=
if running_as_laid_down; then
  say "nothing to restart"
else
  outdated=
  if outdated_for_clients; then outdated=clients; fi
  if outdated_for_peers; then outdated="$outdated peers"; fi
  in_vain=
  if systemctl is-active --quiet etcd; then
    until_others_suffice
    # The best place of all is restarted last, so whoever takes over from it has the new settings already, and leadership moves
    # once. Where nobody would keep it, it does not move.
    if [ -z "$in_vain" ] && leads "$SELF" && hand_over "$SELF"; then
      note "$HANDED_OVER" ""
      # It took a while.
      until_others_suffice
    fi
  fi
  if may_be_apart; then apart=yes; fi
  say "restarting"
  if ! restart_soon ${apart:+--no-block}; then
    journal
    fail "etcd did not get ready after its restart; the other members keep running, and none of them was touched after this one. Revert or mend the setting that it refuses, or whatever else it says above, then deploy again"
  fi
fi

# In service means: it commits writes itself, so it has caught up with the leader.
until commits "$SELF"; do
  if [ -n "$apart" ] && waits_for_peers; then
    say "runs with the new authority, and is in service once a quorum does"
    exit 0
  fi
  if [ "$(date +%s)" -ge "$deadline" ]; then
    journal
    fail "does not answer healthy $HEALTH_BUDGET_SECONDS s after its restart; the rollout stops here. Mend what etcd says (journalctl -u etcd there), then deploy again to carry on"
  fi
  sleep 0.3
done
# Should a join have been cut off after its promotion.
/usr/local/lib/cdktf-etcd/retire-predecessor
say "in service"
