#!/bin/sh
# Restarts this member's etcd if it was started with something else than is laid down now: only while the other members are a
# quorum without it, and after leadership was handed over. Where an authority has run out, neither can be had before the restart.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh
# shellcheck source=liveness.sh
. /usr/local/lib/cdktf-etcd/liveness.sh
# shellcheck source=authorities.sh
. /usr/local/lib/cdktf-etcd/authorities.sh

deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))

# Whether this member may stop: enough of the other voters are well. Voters that are about to leave count as long as they are
# there. Leaves what it has found in list, voters (lists of members), count (of voters), well_urls and well (their number).
others_suffice() {
  well=0 well_urls=
  list=$(members)
  voters=$(echo "$list" | voters)
  count=$(echo "$voters" | grep -c .) || return 1
  [ "$count" -gt 1 ] || return 0
  well_urls=$(healthy "$(echo "$voters" | others | ever_started | clients)")
  well=$(echo "$well_urls" | grep -c . || true)
  enough "$well"
}

# Whether that many other voters are a quorum without this one, or all other voters there are.
enough() { # enough COUNT
  [ "$1" -ge $((count / 2 + 1)) ] || [ "$1" -ge "$((count - 1))" ]
}

# Removes dead voters that no machine stands for any more, if those that are well are then a quorum without this member.
# Converge would remove them, but a deploy that waits here for a quorum would not get that far.
without_strangers() {
  [ -n "$list" ] || return 0
  strangers=$(dead_strangers "$list")
  left=$((count - $(echo "$strangers" | grep -c . || true)))
  if [ "$well" -ge $((left / 2 + 1)) ]; then echo "$strangers" | remove_dead; fi
}

# Whether the others can't be found to suffice before this member has restarted, as its own etcd runs with an authority that has
# run out. If nobody commits writes, there is nothing to interrupt. Otherwise all members that are missed must be missed for that
# reason alone.
waiting_is_in_vain() {
  [ -n "$outdated" ] || return 1
  commits "$SELF $OTHERS" || return 0
  [ -n "$list" ] || return 1
  enough "$(echo "$voters" | others | ever_started | while read -r _ _ peer client _; do
    ! well_or_kept_apart "$peer" "$client" || echo "$client"
  done | wc -l)"
}

# Whether a member is well, or missed only because of the authority: before its own restart it refuses this one's certificates,
# and after that it accepts them, and waits for this one to follow.
well_or_kept_apart() { # well_or_kept_apart PEER_URL CLIENT_URL
  commits "$2" || refuses_as_client "$2" || refuses_as_peer "$1" ||
    case $outdated in *peers*) accepts_as_peer "$1" ;; *) false ;; esac
}

# Whether this member may not get ready at once after its restart, as there are members that refuse it until they restart, too.
may_be_apart() {
  case $outdated in
  *peers*) ;;
  *) ! systemctl is-active --quiet etcd || return 1 ;;
  esac
  [ -n "$(peers_that refuses_as_peer)" ]
}

# Whether etcd is up, and waits only for those: with the members that accept it there is no quorum yet, and with those that
# still refuse it there would be one.
waits_for_peers() {
  curl -sS -o /dev/null --max-time 2 http://127.0.0.1:2381/metrics 2>/dev/null || return 1
  found=$(($(peers_that accepts_as_peer | wc -l) + 1))
  quorum=$((($(echo "$OTHER_PEER_URLS" | wc -w) + 1) / 2 + 1))
  [ "$found" -lt "$quorum" ] && [ $((found + $(peers_that refuses_as_peer | wc -l))) -ge "$quorum" ]
}

main_pid() { systemctl show -P MainPID etcd; }

# Restarts etcd, and kills it if it has not ended 1.5 s after it was told to stop. By then its requests have ended, and whatever
# it has acknowledged is in its log; but it goes on to wait for its clients' watches, for 5 s and two election timeouts.
restart_soon() { # restart_soon restart|start [--no-block]
  old=0
  [ "$1" = start ] || old=$(main_pid)
  # As one job of systemd's it starts etcd again, too, if this step is cut off in between. It must not keep this step's lock (9).
  timeout "$HEALTH_BUDGET_SECONDS" systemctl "$@" etcd 9>&- &
  tenths=0
  while [ "$tenths" -lt 30 ] && [ "$old" != 0 ] && [ "$(main_pid)" = "$old" ]; do
    [ "$tenths" != 15 ] || kill -KILL "$old" 2>/dev/null || true
    sleep 0.1
    tenths=$((tenths + 1))
  done
  wait $!
}

# Which members kept it from restarting, when they were asked last.
unwell() {
  if [ -z "$voters" ]; then
    echo "no member says who they are"
    return
  fi
  echo "$voters" | others | while read -r _ name _ client _; do
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
  how=restart
  # Asked first: where there was no process then, whatever starts it does so with what is laid down.
  pid=$(main_pid)
  if systemctl is-active --quiet etcd; then
    until_others_suffice
    # The leader's preferred member restarts last. So whoever takes over from it has restarted already, and leadership moves only
    # once. Without a quorum to keep it, it is not handed over.
    if [ -z "$in_vain" ] && leads "$SELF" && hand_over "$SELF"; then
      note "$HANDED_OVER" ""
      # That took a while: they may not be well any more.
      until_others_suffice
    fi
  elif [ "$pid" = 0 ] || cmp -s "$STARTING" /etc/etcd/restart.sha256; then
    # After a crash systemd is about to start it, or has. Then it is not to be stopped again: nobody has looked whether the others
    # suffice.
    how=start
  fi
  if may_be_apart; then apart=yes; fi
  say "restarting"
  if ! restart_soon "$how" ${apart:+--no-block}; then
    journal
    fail "etcd did not get ready after its restart; the other members keep running, and none of them was touched after this one. Revert or mend the setting that it refuses, or whatever else it says above, then deploy again"
  fi
fi

# In service: it commits writes itself, and so has caught up with the leader.
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
# For a join that was cut off after the promotion; otherwise there is nobody to retire.
/usr/local/lib/cdktf-etcd/retire-predecessor
say "in service"
