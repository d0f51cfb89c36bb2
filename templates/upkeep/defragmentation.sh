# shellcheck shell=sh
# Sourced after common.sh and coordinator.sh: defragmenting one member at a time.
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh
# shellcheck source=/dev/null
. /etc/etcd/upkeep.env
DEFRAGMENTED=/var/lib/etcd-upkeep

# What stands against taking a member out of service for a moment; empty if nothing does.
obstacle() {
  _all=$(members)
  [ -n "$_all" ] || echo "no member answers"
  echo "$_all" | while read -r _ _name _ _url _learner; do
    if [ "$_learner" != false ]; then
      echo "$_name is a learner"
    elif ! commits "$_url"; then
      echo "$_name does not commit writes"
    fi
  done
  if _alarms=$(ctl "$SELF$OTHERS" alarm list 2>/dev/null); then
    # The way out of NOSPACE leads through here.
    echo "$_alarms" | sed -n '/alarm:NOSPACE/d; s/.*alarm:/the alarm is up: /p'
  else
    echo "alarms can't be listed"
  fi
}

# Moves leadership away before the member at URL stops serving. Of one member, or of two, that stops as short as it can.
make_way() { # make_way URL
  if leads "$1"; then hand_over "$1" || true; fi
}

# A snapshot reads the whole database in one transaction, and a defragmentation that meets it keeps the member out of service
# until that has ended. So backups of this member wait from here to the end of its defragmentation; fails if one does not end.
hold_snapshots() { # hold_snapshots NAME
  if [ "$1" != "$MEMBER" ] || [ ! -e "$READING" ]; then return 0; fi
  exec 8<"$READING"
  flock -n 8 && return 0
  say "waiting: a backup reads the database of $1"
  flock -w 1800 8
}

# ctl_for LIMIT ENDPOINTS ARGS...: etcdctl for what takes longer than a request.
ctl_for() (
  export ETCDCTL_COMMAND_TIMEOUT="$1"
  shift
  ctl "$@"
)

# Defragments the member, and waits until all is well again. It does not serve meanwhile.
defragment_member() { # defragment_member NAME URL
  _before=$(database "$2" dbSize)
  say "defragmenting $1, $((_before / 1048576)) MiB"
  # 8 GiB, etcd's largest, from a disk of 10 MiB/s.
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
