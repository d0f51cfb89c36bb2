#!/bin/sh
# check-restore SNAPSHOT: refuses to restore a backup onto a member that has data of its own, unless these came from that very
# backup. SNAPSHOT is empty if nothing is to be restored.
set -eu
[ -n "$1" ] || exit 0
[ -e /var/lib/cdktf-etcd-node/born ] || exit 0
[ "$(cat /var/lib/cdktf-etcd-node/restored 2>/dev/null)" != "$1" ] || exit 0
echo "error: $(uname -n): holds the data of a cluster that was healthy, and a restore never overwrites that: nothing was changed." \
  "To restore $1, count 'founding' in ClusterOrigin.fromBackup and 'generation' of the hosts up by one in the same edit: new machines then found a new cluster from it, and the old ones are destroyed last" >&2
exit 1
