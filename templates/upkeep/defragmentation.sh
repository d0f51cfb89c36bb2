# shellcheck shell=sh
# Sourced after common.sh and members.sh: defragmenting one member at a time.
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh
# shellcheck source=/dev/null
. /etc/etcd/upkeep.env
DEFRAGMENTED=/var/lib/etcd-upkeep

# What speaks against taking a member out of service for a while; empty if nothing does.
obstacle() {
  _all=$(members)
  [ -n "$_all" ] || echo "no member answers"
  echo "$_all" | while read -r _ name _ client learner; do
    if [ "$learner" != false ]; then
      echo "$name is a learner"
    elif ! commits "$client"; then
      echo "$name does not commit writes"
    fi
  done
  if _alarms=$(ctl "$SELF $OTHERS" alarm list 2>/dev/null); then
    # Not NOSPACE: defragmenting is the way out of that.
    echo "$_alarms" | sed -n '/alarm:NOSPACE/d; s/.*alarm:/the alarm is up: /p'
  else
    echo "alarms can't be listed"
  fi
}

# Moves leadership away from the member at this client URL before it stops serving, if another member can take it.
make_way() { # make_way URL
  if leads "$1"; then hand_over "$1" || true; fi
}

# Keeps backups of this member waiting from here to the end of its defragmentation, and fails if one that runs does not end: a
# snapshot reads the whole database in one transaction, and a defragmentation would keep the member out of service until then.
hold_snapshots() { # hold_snapshots NAME
  if [ "$1" != "$MEMBER" ] || [ ! -e "$READING" ]; then return 0; fi
  exec 8<"$READING"
  flock -n 8 && return 0
  say "waiting: a backup reads the database of $1"
  flock -w 1800 8
}

# ctl_for LIMIT URLS ARGS...: ctl, for what takes longer than a request.
ctl_for() (
  export ETCDCTL_COMMAND_TIMEOUT="$1"
  shift
  ctl "$@"
)

# Defragments the member, which does not serve meanwhile, and waits until all is well again.
defragment_member() { # defragment_member NAME URL
  _before=$(database "$2" dbSize)
  say "defragmenting $1, $((_before / 1048576)) MiB"
  # Enough for 8 GiB, etcd's largest database, on a disk of 10 MiB/s.
  _log=$(ctl_for 15m "$2" defrag 2>&1) || fail "$1 was not defragmented: $(echo "$_log" | tail -n 1). Look at journalctl -u etcd there; it ends here"
  exec 8<&-
  _deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
  while _obstacle=$(obstacle | head -n 1) && [ -n "$_obstacle" ]; do
    [ "$(date +%s)" -lt "$_deadline" ] ||
      fail "$HEALTH_BUDGET_SECONDS s after $1 was defragmented, $_obstacle; it ends here. Bring all members back to health (etcdctl endpoint health --cluster): the next run goes on with the others"
    sleep 1
  done
  install -d -m 0755 "$DEFRAGMENTED"
  date +%s >"$DEFRAGMENTED/$1"
  say "defragmented $1: $((_before / 1048576)) MiB before, $(($(database "$2" dbSize) / 1048576)) MiB now"
}
