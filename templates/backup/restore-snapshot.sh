#!/bin/sh
# Makes this founder's data out of the snapshot that the cluster is to be restored from. Without one it does nothing.
# Called before etcd starts for the first time; a snapshot that is not whole leaves nothing behind.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh

note_restore ""
[ -n "$RESTORE_SNAPSHOT" ] || exit 0
# shellcheck source=backups.sh
. /usr/local/lib/cdktf-etcd/backups.sh

# A directory that etcd's unit made is empty.
rmdir /var/lib/etcd 2>/dev/null || true
[ ! -e /var/lib/etcd ] || fail "not restored: /var/lib/etcd is not empty. Move it away, then deploy again"
# Beside the place where it goes, so that it gets there by a rename. One that was cut off left its own.
rm -rf /var/lib/etcd.restoring.*
work=$(mktemp -d /var/lib/etcd.restoring.XXXXXX)
trap 'rm -rf "$work"' EXIT

snapshot=$BACKUPS/$RESTORE_SNAPSHOT
if [ ! -e "$snapshot" ]; then
  [ "$STORED" = yes ] ||
    fail "not restored: there is no $snapshot on this machine, and no backup.storage. Copy it there on every machine, or give the storage, then deploy again"
  snapshot=$work/snapshot
  say "fetching $RESTORE_SNAPSHOT"
  storage copyto "backup:$RESTORE_SNAPSHOT" "$snapshot" 2>"$work/log" ||
    fail "not restored: can't fetch $RESTORE_SNAPSHOT: $(last_words "$work/log"). Nothing was started; check backup.storage and its passphrase, then deploy again"
  # To rclone an object that is not there is an empty folder.
  [ -f "$snapshot" ] ||
    fail "not restored: there is no $RESTORE_SNAPSHOT in the storage. Nothing was started; choose one of those that are there, then deploy again"
fi
revision=$(verified "$snapshot") ||
  fail "not restored: $RESTORE_SNAPSHOT does not pass its check: $revision. Nothing was started; choose another backup and deploy again"

# A database that fills its quota takes no writes.
size=$(stat -c %s "$snapshot")
quota=$(quota_of "")
[ "$size" -lt "$quota" ] ||
  fail "not restored: $RESTORE_SNAPSHOT takes $((size / 1048576)) MiB, and settings.quotaGiB is $((quota / 1073741824)): a cluster out of it would take no writes. Nothing was started; raise settings.quotaGiB above that, or choose a smaller backup, then deploy again"

# A client's watch knows revisions after the snapshot's that are now never to come. So the new cluster goes on far
# beyond them, and has no history: watches end with "compacted", and their owners read anew.
etcdutl snapshot restore "$snapshot" --data-dir "$work/etcd" --name "$MEMBER" --initial-cluster "$INITIAL_CLUSTER" \
  --initial-cluster-token "$CLUSTER" --initial-advertise-peer-urls "$PEER_URL" \
  --bump-revision 1000000000 --mark-compacted >"$work/log" 2>&1 ||
  fail "not restored: $(last_words "$work/log"). Nothing was started; choose another backup and deploy again"
chown -R etcd:etcd "$work/etcd"
chmod 0700 "$work/etcd"
note_restore "$RESTORE_SNAPSHOT"
mv -T "$work/etcd" /var/lib/etcd
say "restored from $RESTORE_SNAPSHOT, revision $revision"
