#!/bin/sh
# check-log DECLARED: whether etcd of the version that the file DECLARED names can read this member's log. From 3.7 on it
# panics at entries in the v2 store's form, which 3.5 wrote at the cluster's birth and 3.6 still reads. A member has them
# behind it once it has taken a snapshot since the cluster's version is 3.6.
# shellcheck source=common.sh
. "${0%/*}/common.sh"
running=${VERSION%.*}
# shellcheck source=/dev/null
. "$1"
[ -n "$LOG_READABLE_SINCE" ] && [ "${VERSION%.*}" != "$running" ] || exit 0

# No file of the log that has such an entry, or a snapshot that says from which version it is.
grep -aq '/0/version\|/0/members/' "$DATA"/wal/*.wal || exit 0
newest=
for snapshot in "$DATA"/snap/*.snap; do newest=$snapshot; done # by term and index
! grep -aqF "\"Value\":\"$LOG_READABLE_SINCE.0\"" "$newest" 2>/dev/null || exit 0
fail "etcd $VERSION can't read this member's log yet: it has entries of etcd 3.5, and no snapshot was taken since the cluster is of version $LOG_READABLE_SINCE. First deploy settings: { extra: { ETCD_SNAPSHOT_COUNT: \"1\" } } with the version that runs, and write a key; then etcd $VERSION without that. Nothing was changed"
