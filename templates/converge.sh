#!/bin/sh
# The end of a deploy: every member healthy, nobody in the cluster who isn't declared, leader where it was meant to be.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh

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
      journal
      [ -n "$well" ] || [ -e "$BORN" ] ||
        say "this cluster was never healthy. If machines were replaced since its birth began, count the prop 'genesis' of EtcdCluster up by one and deploy again: it is then founded anew on the machines as they are"
      fail "not healthy after $HEALTH_BUDGET_SECONDS s:$waiting. Look at the journal there (journalctl -u etcd), then deploy again"
    fi
    sleep 0.5
  done
}

wait_for_all
say "all members are healthy"

# Members that no host stands for any more. By name, so that a replacement that is about to join is left alone.
list=$(members)
echo "$list" | while read -r id name peer _ _; do
  case " $DECLARED" in
  *" $name="*) ;;
  *)
    say "removing $name ($id, $peer): it is not declared any more"
    ctl "$all" member remove "$id" >/dev/null
    ;;
  esac
done

# One transfer at most, and none if the leader is well placed.
want=${LEADER_ORDER%% *}
wanted_id=$(echo "$list" | awk -v name="$want" '$2 == name && $5 == "false" { print $1 }')
leader_id=$(printf '%x' "$(status "$SELF" | field Leader)")
leader=$(echo "$list" | awk -v id="$leader_id" '$1 == id { print $2 }')
if [ -n "$wanted_id" ] && ! echo " $WELL_PLACED " | grep -qF " $leader "; then
  leader_url=$(echo "$list" | awk -v id="$leader_id" '$1 == id { print $4 }')
  say "moving the leader to $want"
  ctl "$leader_url" move-leader "$wanted_id" >/dev/null || say "the leader stays where it is for now"
  # Done means done: a quorum has found its new leader.
  until [ -n "$(healthy "$SELF")" ]; do
    [ "$(date +%s)" -lt "$deadline" ] || fail "not healthy $HEALTH_BUDGET_SECONDS s after the leader moved to $want"
    sleep 0.2
  done
fi
