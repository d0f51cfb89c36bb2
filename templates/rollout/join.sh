#!/bin/sh
# Joins a running cluster: as a learner with a fresh identity, promoted when it has caught up; then its predecessor of the
# same name is removed. Every step looks first, so a join that was interrupted is carried on.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=liveness.sh
. /usr/local/lib/cdktf-etcd/liveness.sh

# The cluster may be on machines alone that are on their way out.
OTHERS=$OTHERS$LEAVING
patience=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
in_time() {
  [ "$(date +%s)" -lt "$deadline" ] && return 0
  journal
  fail "$1 within $JOIN_BUDGET_SECONDS s${out:+: $(echo "$out" | tail -n 1)}; deploy again to carry on"
}

# Of a join that was cut off before its etcd ever answered, on a machine that is gone: etcd takes one learner at a time.
remove_abandoned_learners() { # remove_abandoned_learners MEMBERS
  echo "$1" | awk '$2 == "-" && $5 == "true" { print $1, $3 }' | while read -r id peer; do
    ! is_known "$peer" || continue
    say "removing the learner $id ($peer), which never started and is nobody's any more"
    must_remove "${OTHERS#,}" "$id" "the learner"
  done
}

# Whoever has been a member at this machine's address is no more: its data would be here. A learner that never started there is this one.
remove_former_self() { # remove_former_self MEMBERS
  echo "$1" | awk -v url="$PEER_URL" '$3 == url && !($4 == "-" && $5 == "true") { print $1, $2 }' | while read -r id name; do
    say "removing its dead predecessor $id ($name at this machine's address)"
    must_remove "${OTHERS#,}" "$id" "its dead predecessor"
  done
}

# Dead voters that are to go in any case go first: of three, etcd adds nobody while one is missing. A predecessor that lives goes last.
removable() { # removable VERDICTS
  echo "$1" | sed -n 's/^dead //p' | while read -r id name peer rest; do
    if [ "$name" = "$MEMBER" ] || ! is_known "$peer"; then echo "$id $name $peer $rest"; fi
  done
}

# Who lives, or may live, and can't be reached from here: nobody is removed on this machine's word alone.
unreached() { # unreached VERDICTS
  echo "$1" | while read -r verdict _ name _ client _; do
    case $verdict in
    heard) echo "$name ($client) gives no answer to this machine, but other members are connected with it: what is wrong is the way from here to there (this machine's firewall tag, routes, ports 2379 and 2380)" ;;
    unknown) echo "$name ($client) gives no answer to this machine, and too few of the other members tell whether they are connected with it: bring them back to health (etcdctl endpoint health --cluster)" ;;
    esac
  done
}

in_patience() { [ "$(date +%s)" -lt "$patience" ]; }

# Says the lines, if they are others than the last ones.
say_once() { # say_once LINES
  [ "${said:-}" != "$1" ] || return 0
  said=$1
  echo "$1" | while read -r line; do say "$line"; done
}

# Until every voter that lives answers here, and those that are to go have gone.
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
      in_patience || fail "not joined: $(echo "$_unreached" | paste -sd';' - | sed 's/;/; /g'). Then deploy again. No member was removed"
      say_once "$(echo "$_unreached" | sed 's/^/waiting: /')"
      sleep 2
    fi
    list=$(all_members)
    _verdicts=$(verdicts "$list")
  done
}

# A member with less room than the database takes raises the alarm NOSPACE for all with the next write. Where it is up already
# there is no harm left to do, and a missing member keeps reclaim-space from mending it.
check_quota() {
  quota=$(quota_of "")
  size=$(for url in $(echo "$OTHERS" | tr ',' ' '); do database "$url" dbSize & done | sort -n | tail -n 1)
  if [ "${size:-0}" -lt "$quota" ] || ctl "${OTHERS#,}" alarm list 2>/dev/null | grep -q 'alarm:NOSPACE'; then return 0; fi
  fail "not joined: the database takes $((size / 1048576)) MiB, and settings.quotaGiB is $((quota / 1073741824)): the next write would raise the alarm NOSPACE on all members. Raise it above that, then deploy again. No member was changed"
}

if [ ! -e "$DATA" ]; then
  list=$(all_members)
  # Whether a voter is dead takes a while to tell. Meanwhile whatever forbids the join is looked for.
  looked=$(mktemp)
  trap 'rm -f "$looked"' EXIT
  verdicts "$list" >"$looked" &
  looking=$!
  /usr/local/lib/cdktf-etcd/check-version /etc/etcd/declared.env "${OTHERS#,}"
  check_quota
  wait "$looking"
  remove_former_self "$list"
  remove_abandoned_learners "$list"
  until_all_are_reached "$(cat "$looked")"
  until [ -n "$(own_entry)" ]; do
    if out=$(ctl "${OTHERS#,}" member add "$MEMBER" --learner --peer-urls="$PEER_URL" 2>&1); then
      say "added as a learner"
    else
      why=$(echo "$out" | tail -n 1)
      if ! in_patience; then
        dead=$(verdicts "$(all_members)" | awk '$1 == "dead" { print $3 }' | paste -sd' ' -)
        [ -z "$dead" ] || why="$why. Dead by the other voters' word: $dead; bring their machines back, or, where they have lost their data, have them join first ('One machine anew' in docs/operations.md)"
        fail "not added: $why. Bring the members back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
      fi
      say_once "not added yet: $why"
      sleep 2
    fi
  done
  # etcd matches the others by their addresses; a name may stand twice while a predecessor lives, so ids serve as names.
  initial=$(members | awk -v me="$MEMBER" -v url="$PEER_URL" '{ printf "%s%s=%s", (NR > 1 ? "," : ""), ($3 == url ? me : $1), $3 }')
  [ -n "$initial" ] || fail "the members can't be listed just now. Bring them back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
  printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=existing\n' "$initial" >/etc/etcd/bootstrap.env
  # From here on its data are of this founding: a recovery that goes on later must not take them for older ones.
  note "$FOUNDED" "$GENESIS"
  # It starts with a fresh identity, whatever it has lost.
  rm -f "$BORN" "$MAY_FOUND"
  say "starting as a learner"
  systemctl restart --no-block etcd
fi

# It has that long from here on, however long it took to find out who is dead.
deadline=$(($(date +%s) + JOIN_BUDGET_SECONDS))
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

out=
until commits "$SELF"; do
  in_time "did not get healthy"
  sleep 0.3
done

/usr/local/lib/cdktf-etcd/retire-predecessor
systemctl disable --quiet etcd-join.service
say "in service"
