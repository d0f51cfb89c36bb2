#!/bin/sh
# Joins a running cluster: as a learner with a fresh identity that is promoted once it has caught up. Then its predecessor, the
# member of the same name on another machine, is removed. Every step looks first, so that it carries on a join that was cut off.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=liveness.sh
. /usr/local/lib/cdktf-etcd/liveness.sh

# All members of the cluster may be on machines that are on their way out.
[ -z "$LEAVING" ] || OTHERS="$OTHERS $LEAVING"
# How long it waits for the cluster to be ready for one more member.
patience=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
# How long it waits for members to answer here that others seem to hear: they may be dead.
hearing=$(($(date +%s) + $(seconds_to_verdicts "$HEALTH_BUDGET_SECONDS")))
in_time() { # in_time WHAT_WAS_NOT_DONE
  [ "$(date +%s)" -lt "$deadline" ] && return 0
  journal
  fail "$1 within $JOIN_BUDGET_SECONDS s${out:+: $(echo "$out" | tail -n 1)}; deploy again to carry on"
}

# Removes learners that never started, of joins that were cut off on machines that are gone: etcd takes one learner at a time.
remove_abandoned_learners() { # remove_abandoned_learners MEMBERS
  echo "$1" | learners | never_started | while read -r id _ peer _ _; do
    ! is_known "$peer" || continue
    say "removing the learner $id ($peer), which never started and is nobody's any more"
    must_remove "$OTHERS" "$id" "the learner"
  done
}

# Removes the member that was at this machine's address before: its data would be here if it lived. A learner there that never
# started is what an earlier try of this join has added.
remove_former_self() { # remove_former_self MEMBERS
  echo "$1" | member_at "$PEER_URL" | while read -r id name _ client learner; do
    [ "$client $learner" != "- true" ] || continue
    say "removing its dead predecessor $id ($name at this machine's address)"
    must_remove "$OTHERS" "$id" "its dead predecessor"
  done
}

# The dead voters that would be removed in any case. They go before this machine joins: of three voters none may be missing when
# etcd adds one more. A predecessor that lives goes last.
removable() { # removable VERDICTS
  echo "$1" | dead | while read -r id name peer client learner; do
    if [ "$name" = "$MEMBER" ] || ! is_known "$peer"; then echo "$id $name $peer $client $learner"; fi
  done
}

# Says of each voter that gives no answer here, and lives or may live, what is to be done. Nobody is removed on the word of this
# machine alone.
unreached() { # unreached VERDICTS
  echo "$1" | while read -r verdict _ name _ client _; do
    case $verdict in
    heard) echo "$name ($client) gives no answer to this machine, but other members are connected with it: what is wrong is the way from here to there (this machine's firewall tag, routes, ports 2379 and 2380)" ;;
    unknown) echo "$name ($client) gives no answer to this machine, and too few of the other members tell whether they are connected with it: bring them back to health (etcdctl endpoint health --cluster)" ;;
    esac
  done
}

in_patience() { before "$patience"; }
before() { [ "$(date +%s)" -lt "$1" ]; } # before TIME

# Says these lines, unless they are what it said last.
say_once() { # say_once LINES
  [ "${said:-}" != "$1" ] || return 0
  said=$1
  echo "$1" | while read -r line; do say "$line"; done
}

# Waits until every voter that lives answers here, and removes the dead ones that are to go.
until_all_are_reached() { # until_all_are_reached VERDICTS
  _verdicts=$1
  while :; do
    _dead=$(removable "$_verdicts")
    _unreached=$(unreached "$_verdicts")
    if [ -n "$_dead" ]; then
      echo "$_dead" | remove_dead
    elif [ -z "$_unreached" ]; then
      return 0
    else
      if echo "$_verdicts" | grep -q '^heard '; then _until=$hearing; else _until=$patience; fi
      before "$_until" || fail "not joined: $(echo "$_unreached" | paste -sd';' - | sed 's/;/; /g'). Then deploy again. No member was removed"
      say_once "$(echo "$_unreached" | sed 's/^/waiting: /')"
      sleep 2
    fi
    list=$(all_members)
    _verdicts=$(verdicts "$list")
  done
}

# Refuses to join with a quota below what the database takes: the next write would raise the alarm NOSPACE for all members. But if
# that alarm is up already it joins, as reclaim-space needs all members.
check_quota() {
  quota=$(quota_of "")
  size=$(for url in $OTHERS; do database "$url" dbSize & done | sort -n | tail -n 1)
  if [ "${size:-0}" -lt "$quota" ] || ctl "$OTHERS" alarm list 2>/dev/null | grep -q 'alarm:NOSPACE'; then return 0; fi
  fail "not joined: the database takes $((size / 1048576)) MiB, and settings.quotaGiB is $((quota / 1073741824)): the next write would raise the alarm NOSPACE on all members. Raise it above that, then deploy again. No member was changed"
}

if [ ! -e "$DATA" ]; then
  list=$(all_members)
  # It takes a while to find out which voters are dead. Meanwhile it looks for whatever forbids the join.
  looked=$(mktemp)
  trap 'rm -f "$looked"' EXIT
  verdicts "$list" >"$looked" &
  looking=$!
  /usr/local/lib/cdktf-etcd/check-version /etc/etcd/declared.env "$OTHERS"
  check_quota
  wait "$looking"
  remove_former_self "$list"
  remove_abandoned_learners "$list"
  until_all_are_reached "$(cat "$looked")"
  until [ -n "$(own_entry)" ]; do
    if out=$(ctl "$OTHERS" member add "$MEMBER" --learner --peer-urls="$PEER_URL" 2>&1); then
      say "added as a learner"
    else
      why=$(echo "$out" | tail -n 1)
      if ! in_patience; then
        dead=$(verdicts "$(all_members)" | dead | names | paste -sd' ' -)
        [ -z "$dead" ] || why="$why. Dead by the other voters' word: $dead; bring their machines back, or, where they have lost their data, have them join first ('One machine anew' in docs/operations.md)"
        fail "not added: $why. Bring the members back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
      fi
      say_once "not added yet: $why"
      sleep 2
    fi
  done
  # etcd wants a name for each member, but tells the others by their addresses. While a predecessor lives there are two members
  # of one name, so each goes by its id.
  initial=$(members | while read -r id _ peer _ _; do
    if [ "$peer" = "$PEER_URL" ]; then id=$MEMBER; fi
    echo "$id=$peer"
  done | paste -sd, -)
  [ -n "$initial" ] || fail "the members can't be listed just now. Bring them back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
  printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=existing\n' "$initial" >/etc/etcd/bootstrap.env
  # From here on its data belong to this founding: a recovery that is carried on later must not set them aside as older ones.
  note "$FOUNDED" "$GENESIS"
  # It begins anew, whatever data it had before.
  rm -f "$BORN" "$MAY_FOUND"
  say "starting as a learner"
  systemctl restart --no-block etcd
fi

# The budget begins here, however long it took to find out who is dead.
deadline=$(($(date +%s) + JOIN_BUDGET_SECONDS))
until [ -n "$(own_entry | voters)" ]; do
  in_time "was not promoted"
  id=$(own_entry | ids)
  # The leader itself is asked: another member passes this on to it without saying who asks, and with authorization on that is refused.
  leader=$(members | member_with_id "$(leader_id "$SELF")" | clients)
  if [ -n "$leader" ] && out=$(ctl "$leader" member promote "$id" 2>&1); then
    say "caught up: promoted to a voting member"
  else
    [ "${waited:-}" ] || say "catching up"
    waited=yes
    sleep 0.5
  fi
done

out=
until commits "$SELF"; do
  in_time "did not get healthy"
  sleep 0.3
done

/usr/local/lib/cdktf-etcd/retire-predecessor
systemctl disable --quiet etcd-join.service
say "in service"
