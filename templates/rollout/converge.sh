#!/bin/sh
# The end of a deploy: every member healthy, nobody in the cluster who isn't declared, leader where it was meant to be.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh
# shellcheck source=authorities.sh
. /usr/local/lib/cdktf-etcd/authorities.sh

deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
# shellcheck disable=SC2153 # DECLARED comes from rollout.env
all=$(echo "$DECLARED" | tr ' ' '\n' | cut -d= -f2- | paste -sd, -)

# Until every declared member commits writes.
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
      # What another member has to say stands in its own journal.
      case "$waiting " in *" $MEMBER "*) journal ;; esac
      if [ -z "$well" ] && [ ! -e "$BORN" ]; then
        if [ -n "$LEAVING" ]; then
          say "there are machines yet that this deploy would destroy (${LEAVING#,}). If they hold the cluster, it has no quorum, and nobody can join it: take the edit that replaces machines back and deploy; then see 'A majority is lost' in docs/operations.md"
        else
          say "this machine has no data of a cluster that was healthy, and nobody runs one. If it never was healthy (machines were replaced since its birth began), or all its data is lost for good, count the prop 'genesis' of EtcdCluster up by one and deploy again: it is then founded anew on the machines as they are, empty or from the backup that 'restore' names"
        fi
      fi
      # Its own step was cut off, and counts as done.
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

# An alarm keeps neither a member from being healthy nor a deploy from its end: nobody would hear of it.
tell_alarms() {
  alarms=$(ctl "$SELF" alarm list 2>/dev/null) || alarms=
  echo "$alarms" | sed -n 's/^memberID:\([0-9]*\) *alarm:\([A-Z]*\).*/\1 \2/p' | while read -r id alarm; do
    name=$(members | awk -v id="$(printf '%x' "$id")" '$1 == id { print $2 }')
    case $alarm in
    NOSPACE) todo="until it is disarmed the cluster takes no writes but deletes. As root on a member, run /usr/local/lib/cdktf-etcd/reclaim-space" ;;
    *) todo="see 'An alarm CORRUPT' in docs/operations.md" ;;
    esac
    say "the alarm $alarm is up for ${name:-$id}: $todo"
  done
}

# Whether the member of that peer URL is of the cluster that is taken over, and stays for now.
is_guest() { [ -z "$RETIRE_ADOPTED" ] && echo " $ADOPTED_PEER_URLS " | grep -qF " $1 "; }

# Members that no host stands for any more. By name, so that a replacement that is about to join is left alone.
undeclared() { # undeclared MEMBERS
  echo "$1" | while read -r id name peer client learner; do
    case " $DECLARED" in
    *" $name="*) ;;
    *) is_guest "$peer" || echo "$id $name $peer $client $learner" ;;
    esac
  done
}

# The declared member that leadership belongs to, of those that vote, as "name client-url".
best_placed() {
  voters=$(members | awk '$5 == "false" && $4 != "-" { print $2, $4 }')
  for name in $LEADER_ORDER; do
    echo "$voters" | awk -v name="$name" '$1 == name'
  done | head -n 1
}

leader_entry() { members | awk -v id="$(leader_id "$SELF")" '$1 == id'; }
leader_name() { leader_entry | cut -d' ' -f2; }
leader_url() { leader_entry | cut -d' ' -f4; }

until_healthy() { # until_healthy WHAT
  until commits "$SELF"; do
    [ "$(date +%s)" -lt "$deadline" ] ||
      fail "commits no writes $HEALTH_BUDGET_SECONDS s after $1. Bring all members back to health (etcdctl endpoint health --cluster), then deploy again"
    sleep 0.2
  done
}

# One at a time, dead ones first: each removal leaves a quorum of those that live.
retire() {
  list=$(all_members)
  leaving=$(undeclared "$list")
  [ -n "$leaving" ] || return 0
  if echo "$leaving" | cut -d' ' -f2 | grep -qxF "$(leader_name)"; then
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

# No transfer if the leader is well placed; and where it was handed over for a restart just now, the timer brings it back at
# a quiet moment once all has been well for a while: two transfers in a row would let writes hang twice.
place_leader() {
  current=$(leader_name)
  ! echo " $WELL_PLACED " | grep -qF " $current " || return 0
  # Which member is to be trusted has to be found out first.
  if echo "$alarms" | grep -q 'alarm:CORRUPT'; then
    say "the leader is $current; it stays there while the alarm CORRUPT is up"
    return 0
  fi
  if [ -e "$HANDED_OVER" ] && systemctl is-enabled --quiet etcd-leader.timer; then
    say "the leader is $current; it comes back once all has been well for $SETTLE_SECONDS s"
    return 0
  fi
  best=$(best_placed)
  if [ -z "$best" ] || [ "${best% *}" = "$current" ]; then return 0; fi
  transfer "$(leader_url)" "$(member_id "${best#* }")" "moving the leader to ${best% *}" ||
    say "the leader stays where it is for now"
  until_healthy "the leader was moved"
}

wait_for_all
say "all members are healthy"
tell_alarms
retire
place_leader
rm -f "$HANDED_OVER"
