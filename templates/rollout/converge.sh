#!/bin/sh
# The end of a deploy: waits until every declared member is healthy, removes members that are not declared any more, and moves the
# leader to its preferred place.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh
# shellcheck source=authorities.sh
. /usr/local/lib/cdktf-etcd/authorities.sh

deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
# shellcheck disable=SC2153 # DECLARED comes from rollout.env
all=$(for declared in $DECLARED; do echo "${declared#*=}"; done)

# Waits until every declared member commits writes.
wait_for_all() {
  waiting_before=
  while :; do
    well=$(healthy "$all")
    waiting=
    for declared in $DECLARED; do
      echo "$well" | grep -qxF "${declared#*=}" || waiting="$waiting ${declared%%=*}"
    done
    [ -n "$waiting" ] || return 0
    if [ "$waiting" != "$waiting_before" ]; then
      say "waiting for$waiting"
      waiting_before=$waiting
    fi
    if [ "$(date +%s)" -ge "$deadline" ]; then
      # For other members, their own journals tell.
      case "$waiting " in *" $MEMBER "*) journal ;; esac
      if [ -z "$well" ] && [ ! -e "$BORN" ]; then
        if [ -n "$LEAVING" ]; then
          say "there are machines yet that this deploy would destroy ($LEAVING). If they hold the cluster, it has no quorum, and nobody can join it: take the edit that replaces machines back and deploy; then see 'A majority is lost' in docs/operations.md"
        else
          say "this machine has no data of a cluster that was healthy, and nobody runs one. If it never was healthy (machines were replaced since its birth began), or all its data is lost for good, count 'founding' of the cluster's origin up by one and deploy again: it is then founded anew on the machines as they are, empty or from the backup that the origin names"
        fi
      fi
      # Members whose own step was cut off before their restart: Terraform counts that step as done.
      outdated=$({
        peers_that refuses_as_peer
        for declared in $DECLARED; do ! refuses_as_client "${declared#*=}" || echo "${declared#*=}"; done
      } | paste -sd' ' -)
      [ -z "$outdated" ] ||
        say "etcd runs with an authority that has run out, and refuses this member's certificate, at $outdated: restart it there (systemctl restart etcd), then deploy again"
      fail "not healthy after $HEALTH_BUDGET_SECONDS s:$waiting. Look at the journal there (journalctl -u etcd), then deploy again"
    fi
    sleep 0.3
  done
}

# Says which alarms are up: members are healthy and deploys end well in spite of them, so nothing else would tell. Leaves etcd's
# answer in alarms.
tell_alarms() {
  alarms=$(ctl "$SELF" alarm list 2>/dev/null) || alarms=
  echo "$alarms" | sed -n 's/^memberID:\([0-9]*\) *alarm:\([A-Z]*\).*/\1 \2/p' | while read -r id alarm; do
    name=$(members | member_with_id "$(printf '%x' "$id")" | names)
    case $alarm in
    NOSPACE) todo="until it is disarmed the cluster takes no writes but deletes. As root on a member, run /usr/local/lib/cdktf-etcd/reclaim-space" ;;
    *) todo="see 'An alarm CORRUPT' in docs/operations.md" ;;
    esac
    say "the alarm $alarm is up for ${name:-$id}: $todo"
  done
}

# Whether the member at this peer URL belongs to the cluster that is taken over, and stays for now.
is_guest() { # is_guest PEER_URL
  [ -z "$RETIRE_ADOPTED" ] && echo " $ADOPTED_PEER_URLS " | grep -qF " $1 "
}

# The members of a list that are not declared any more. By name: a machine that replaces another one has its name.
undeclared() { # undeclared MEMBERS
  echo "$1" | while read -r id name peer client learner; do
    case " $DECLARED" in
    *" $name="*) ;;
    *) is_guest "$peer" || echo "$id $name $peer $client $learner" ;;
    esac
  done
}

# The member that leadership belongs to: the first of LEADER_ORDER that votes and has been in service.
best_placed() {
  list=$(members | voters | ever_started)
  for name in $LEADER_ORDER; do
    echo "$list" | members_named "$name"
  done | head -n 1
}

leader() { members | member_with_id "$(leader_id "$SELF")"; }
leader_name() { leader | names; }
leader_url() { leader | clients; }

until_healthy() { # until_healthy WHAT
  until commits "$SELF"; do
    [ "$(date +%s)" -lt "$deadline" ] ||
      fail "commits no writes $HEALTH_BUDGET_SECONDS s after $1. Bring all members back to health (etcdctl endpoint health --cluster), then deploy again"
    sleep 0.2
  done
}

# Removes members that are not declared any more: one at a time, dead ones first, so that each removal leaves a quorum of those
# that live.
retire() {
  list=$(all_members)
  leaving=$(undeclared "$list")
  [ -n "$leaving" ] || return 0
  if [ -n "$(echo "$leaving" | members_named "$(leader_name)")" ]; then
    say "$(leader_name) leads and is to be removed"
    hand_over "$(leader_url)" || true
    until_healthy "leadership was handed over"
  fi
  echo "$leaving" | while read -r id name peer client _; do
    if [ "$client" != - ] && commits "$client"; then alive=1; else alive=0; fi
    echo "$alive $id $name $peer"
  done | sort | while read -r _ id name peer; do
    say "removing $name ($id, $peer): it is not declared any more"
    why=$(remove_member "$all" "$id") ||
      fail "$name was not removed: $why. Its machine is still there. Bring all members back to health (etcdctl endpoint health --cluster), or declare it again, and deploy"
    until_healthy "$name was removed"
  done
}

# Moves the leader to its preferred place, unless its place is good enough. If leadership was handed over for a restart in this
# deploy, etcd-leader.timer brings it back later, at a quiet moment: two transfers in a row would make writes hang twice.
place_leader() {
  current=$(leader_name)
  ! echo " $WELL_PLACED " | grep -qF " $current " || return 0
  # Somebody has to find out first which members' data are to be trusted.
  if echo "$alarms" | grep -q 'alarm:CORRUPT'; then
    say "the leader is $current; it stays there while the alarm CORRUPT is up"
    return 0
  fi
  if [ -e "$HANDED_OVER" ] && systemctl is-enabled --quiet etcd-leader.timer; then
    say "the leader is $current; it comes back once all has been well for $SETTLE_SECONDS s"
    return 0
  fi
  best=$(best_placed)
  name=$(echo "$best" | names)
  if [ -z "$best" ] || [ "$name" = "$current" ]; then return 0; fi
  transfer "$(leader_url)" "$(member_id "$(echo "$best" | clients)")" "moving the leader to $name" ||
    say "the leader stays where it is for now"
  until_healthy "the leader was moved"
}

wait_for_all
say "all members are healthy"
tell_alarms
retire
place_leader
rm -f "$HANDED_OVER"
