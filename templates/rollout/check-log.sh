#!/bin/sh
# check-log DECLARED: whether etcd of the version that the file DECLARED names can read this member's log. etcd 3.7 panics at
# entries in the form of the v2 store, which 3.5 wrote at the cluster's birth and 3.6 still reads. A member no longer reads them
# once it has taken a snapshot with the cluster at version 3.6.
# shellcheck source=common.sh
. "${0%/*}/common.sh"
running=${VERSION%.*}
# shellcheck source=/dev/null
. "$1"
[ -n "$LOG_READABLE_SINCE" ] && [ "${VERSION%.*}" != "$running" ] || exit 0

# It can if no file of the log has such an entry, or if the newest snapshot says that it was taken at the version needed.
grep -aq '/0/version\|/0/members/' "$DATA"/wal/*.wal || exit 0
newest=
for snapshot in "$DATA"/snap/*.snap; do newest=$snapshot; done # names begin with term and index
! grep -aqF "\"Value\":\"$LOG_READABLE_SINCE.0\"" "$newest" 2>/dev/null || exit 0
fail "etcd $VERSION can't read this member's log yet: it has entries of etcd 3.5, and no snapshot was taken since the cluster is of version $LOG_READABLE_SINCE. First deploy settings: { extra: { ETCD_SNAPSHOT_COUNT: \"1\" } } with the version that runs, and write a key; then etcd $VERSION without that. Nothing was changed"
