#!/bin/sh
# Makes this founder's data out of the backup that the cluster is restored from, if there is one, before etcd starts for the first
# time. A backup that is not whole leaves nothing behind.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh

note_restore ""
[ -n "$RESTORE_SNAPSHOT" ] || exit 0
# shellcheck source=backups.sh
. /usr/local/lib/cdktf-etcd/backups.sh

# etcd's unit may have made the directory: then it is empty.
rmdir /var/lib/etcd 2>/dev/null || true
[ ! -e /var/lib/etcd ] || fail "not restored: /var/lib/etcd is not empty. Move it away, then deploy again"
# Beside /var/lib/etcd, so that the data get there by a rename. What a try that was cut off has left goes first.
rm -rf /var/lib/etcd.restoring.*
work=$(mktemp -d /var/lib/etcd.restoring.XXXXXX)
trap 'rm -rf "$work"' EXIT

# Earlier versions took blanks off the passphrase's ends where Terraform had read it from somewhere, and encrypted with the rest.
fetch() {
  storage copyto "backup:$RESTORE_SNAPSHOT" "$snapshot" && return
  (umask 077 && sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' "$SECRETS/backup.passphrase" >"$work/passphrase")
  ! cmp -s "$work/passphrase" "$SECRETS/backup.passphrase" || return 1
  storage_by "$work/passphrase" copyto "backup:$RESTORE_SNAPSHOT" "$snapshot"
}

snapshot=$BACKUPS/$RESTORE_SNAPSHOT
if [ ! -e "$snapshot" ]; then
  [ "$STORED" = yes ] ||
    fail "not restored: there is no $snapshot on this machine, and no backup.storage. Copy it there on every machine, or give the storage, then deploy again"
  snapshot=$work/snapshot
  say "fetching $RESTORE_SNAPSHOT"
  fetch 2>"$work/log" ||
    fail "not restored: can't fetch $RESTORE_SNAPSHOT: $(last_words "$work/log"). Nothing was started; check backup.storage and its passphrase, then deploy again"
  # rclone takes an object that is not there for an empty folder, and does not fail.
  [ -f "$snapshot" ] ||
    fail "not restored: there is no $RESTORE_SNAPSHOT in the storage. Nothing was started; choose one of those that are there, then deploy again"
fi
revision=$(verified "$snapshot") ||
  fail "not restored: $RESTORE_SNAPSHOT does not pass its check: $revision. Nothing was started; choose another backup and deploy again"

# With a database that fills its quota, the cluster would take no writes.
size=$(stat -c %s "$snapshot")
quota=$(quota_of "")
[ "$size" -lt "$quota" ] ||
  fail "not restored: $RESTORE_SNAPSHOT takes $((size / 1048576)) MiB, and settings.quotaGiB is $((quota / 1073741824)): a cluster out of it would take no writes. Nothing was started; raise settings.quotaGiB above that, or choose a smaller backup, then deploy again"

# Clients may have seen revisions after the snapshot's. So the new cluster begins far beyond these, without a history: watches end
# with "compacted", and clients read anew.
etcdutl snapshot restore "$snapshot" --data-dir "$work/etcd" --name "$MEMBER" --initial-cluster "$INITIAL_CLUSTER" \
  --initial-cluster-token "$CLUSTER" --initial-advertise-peer-urls "$PEER_URL" \
  --bump-revision 1000000000 --mark-compacted >"$work/log" 2>&1 ||
  fail "not restored: $(last_words "$work/log"). Nothing was started; choose another backup and deploy again"
chown -R etcd:etcd "$work/etcd"
chmod 0700 "$work/etcd"
note_restore "$RESTORE_SNAPSHOT"
mv -T "$work/etcd" /var/lib/etcd
say "restored from $RESTORE_SNAPSHOT, revision $revision"
