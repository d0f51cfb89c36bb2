#!/bin/sh
# backup [now]: takes a backup of the cluster if one is due and it is this member's turn; with "now" in any case. If it is another
# member's turn, it fails if a backup is overdue.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=coordinator.sh
. /usr/local/lib/cdktf-etcd/coordinator.sh
# shellcheck source=backups.sh
. /usr/local/lib/cdktf-etcd/backups.sh

AGAIN="then: /usr/local/lib/cdktf-etcd/backup now"
# The folder in the storage that a backup is in until it has been read back.
ARRIVING=.arriving

# This member has never been part of a quorum: it has nothing to back up.
[ -e "$BORN" ] || exit 0
install -d -m 0700 "$BACKUPS"
exec 9>"$BACKUPS/.lock"
flock -n 9 || fail "another backup is being taken on this machine; wait for it"
work=$(mktemp -d "$BACKUPS/.taking.XXXXXX")
trap 'rm -rf "$work"' EXIT
find "$BACKUPS" -maxdepth 1 -name '.taking.*' ! -path "$work" -exec rm -rf {} +

# Why the storage has refused something, by the last words in the log, and what to do about it.
because() {
  _words=$(last_words "$work/log")
  case $_words in
  *"$FOREIGN"*) echo "$_words. Give this one a backup.storage.prefix of its own and deploy; or, if that other one is no more, delete that object, $AGAIN" ;;
  *"its contents differ"*) echo "$_words. The storage does not keep what it is given: have that mended, or give another one and deploy; $AGAIN" ;;
  *x509*) echo "$_words. Have the storage show a certificate that this machine trusts, or mend backup.storage.endpoint and deploy; $AGAIN" ;;
  *NoSuchBucket*) echo "$_words. Make that bucket, or mend backup.storage.bucket and deploy; $AGAIN" ;;
  *InvalidAccessKeyId* | *SignatureDoesNotMatch*) echo "$_words. Mend accessKeyId and secretAccessKey of backup.storage and deploy; $AGAIN" ;;
  *AccessDenied*) echo "$_words. Let the key of backup.storage list, read, write and delete below its prefix; $AGAIN" ;;
  *"no such host"* | *"dial tcp"* | *"i/o timeout"*) echo "$_words. Let this machine reach the storage (outbound 53 and 443), or mend backup.storage.endpoint and deploy; $AGAIN" ;;
  *) echo "$_words. Check endpoint, bucket and keys of backup.storage, and outbound 443; $AGAIN" ;;
  esac
}

# Takes no backup while the alarm CORRUPT is up: a snapshot of wrong data passes every check, and would push good ones out.
require_trust() {
  alarms=$(ctl "$SELF" alarm list 2>"$work/log") ||
    fail "no backup was taken: whether etcd trusts its data can't be told: $(last_words "$work/log"). Bring the members back to health (etcdctl endpoint health --cluster), $AGAIN"
  case $alarms in
  *alarm:CORRUPT*) fail "no backup was taken, and none is removed: the alarm CORRUPT is up, and this may be the member whose data differ. See 'An alarm CORRUPT' in docs/operations.md" ;;
  esac
}

take() { # sets name
  size=$(status "$SELF" | field DBSize)
  [ -n "$size" ] || fail "no backup was taken: etcd does not answer here. Look at journalctl -u etcd, $AGAIN"
  require_trust
  room=$(df -B1 --output=avail "$BACKUPS" | tail -n 1)
  # Room for the backup, for a defragmentation meanwhile, and 256 MiB for everything else.
  [ "$room" -ge $((2 * size + 268435456)) ] ||
    fail "no backup was taken: $((room / 1048576)) MiB of disk are free, and beside a database of $((size / 1048576)) MiB $(((2 * size) / 1048576 + 256)) are needed. Make room or lower backup.keepLocal, $AGAIN"
  (
    # 75 is none of etcdctl's exit codes.
    flock -w 900 8 || exit 75
    # Enough for 8 GiB, etcd's largest database, at 40 Mbit/s.
    export ETCDCTL_COMMAND_TIMEOUT=30m
    ctl "$SELF" snapshot save "$work/snapshot" >"$work/log" 2>&1
  ) 8>"$READING" || case $? in
  75) fail "no backup was taken: this member has been out of service for a defragmentation for 15 minutes. Wait until that has ended (journalctl -u etcd-defragment on the members), $AGAIN" ;;
  *) fail "no backup was taken: $(last_words "$work/log"). Look at journalctl -u etcd, $AGAIN" ;;
  esac
  revision=$(verified "$work/snapshot") ||
    fail "no backup was taken: the snapshot does not pass its check: $revision. Look at this machine's disk and memory; take one on another member"
  name=$CLUSTER-$(date -u +%Y%m%dT%H%M%SZ)-$revision.db
  sync "$work/snapshot"
  mv "$work/snapshot" "$BACKUPS/$name"
  kept_here | head -n "-$KEEP_LOCAL" | while read -r old _; do rm -f "$BACKUPS/$old"; done
}

# Notes in the storage which cluster its folder belongs to. If two clusters do so at once, one of them is refused the next time.
claim() {
  list=$(listed) || return 1
  owner=$(owner_of "$list")
  us=$(identity)
  case $owner in *"Z-$us") return 0 ;; esac
  echo "$MEMBER" | storage rcat "backup:owner-$(date -u +%Y%m%dT%H%M%SZ)-$us" || return 1
  [ -z "$owner" ] || storage deletefile "backup:$owner"
}

# Uploads the backup, reads it back, and only then gives it its name in the storage: so whatever has a name can be decrypted.
store() {
  arriving=backup:$ARRIVING/$name
  { claim && storage copyto "$BACKUPS/$name" "$arriving"; } 2>"$work/log" ||
    fail "the backup $name is on this machine, but not in the storage: $(because)"
  storage cat "$arriving" 2>"$work/log" | cmp -s - "$BACKUPS/$name" || {
    [ -s "$work/log" ] || echo "its contents differ" >"$work/log"
    storage deletefile "$arriving" 2>/dev/null || true
    fail "the backup $name is on this machine, but does not read back from the storage as it is: $(because)"
  }
  # The storage copies the object for that, and is silent meanwhile.
  storage moveto --timeout 30m "$arriving" "backup:$name" 2>"$work/log" ||
    fail "the backup $name is on this machine, but has not got its name in the storage: $(because)"
}

remove_outdated() {
  oldest=$(($(date +%s) - KEEP_DAYS * 86400))
  list=$(stored 2>"$work/log") || fail "can't list what is in the storage: $(because)"
  echo "$list" | head -n "-$KEEP_AT_LEAST" | while read -r old _; do
    [ "$(taken_at "$old")" -lt "$oldest" ] || continue
    storage deletefile "backup:$old" 2>"$work/log" || fail "can't remove $old from the storage: $(because)"
  done
  # Uploads of any member that were cut off. None of a day ago still goes on.
  storage delete --min-age 1d "backup:$ARRIVING" 2>"$work/log" || fail "can't remove what is left in $ARRIVING in the storage: $(because)"
}

# The age of the newest backup in seconds, or of this member's data if there is none yet.
age() {
  if [ -n "$newest" ]; then
    echo $(($(date +%s) - $(taken_at "$newest")))
  else
    echo $(($(date +%s) - $(stat -c %Y "$BORN")))
  fi
}

if [ "${1:-}" != now ]; then
  reached=yes
  known=$(known_backups 2>"$work/log") || reached=no
  newest=$(echo "$known" | tail -n 1 | cut -d' ' -f1)
  turn=$(coordinator)
  if [ "$turn" != "$MEMBER" ]; then
    # Without a storage, a member does not know of another one's backups.
    [ "$STORED" = yes ] || exit 0
    [ $reached = yes ] || fail "can't list the backups in the storage: $(because)"
    [ "$(age)" -lt "$OVERDUE_SECONDS" ] ||
      fail "a backup is overdue: the newest is ${newest:-none at all}. $(
        if [ -n "$turn" ]; then
          echo "Look at journalctl -u etcd-backup on $turn, whose turn it is, $AGAIN"
        else
          echo "No member commits writes: bring them back to health (etcdctl endpoint health --cluster), $AGAIN"
        fi
      )"
    exit 0
  fi
  # The turn may have changed since, as it depends on who leads: another member may have taken one.
  if [ -n "$newest" ] && [ "$(age)" -lt $((INTERVAL_SECONDS / 2)) ]; then exit 0; fi
fi

take
if [ "$STORED" = yes ]; then
  store
  remove_outdated
fi
say "took the backup $name, $(stat -c %s "$BACKUPS/$name") bytes"
systemctl start --no-block etcd-metrics.service
