#!/bin/sh
# The way out of the alarm NOSPACE, for root on any one member: compacts the history, defragments every member, and disarms the
# alarm if that has made room.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=coordinator.sh
. /usr/local/lib/cdktf-etcd/coordinator.sh
# shellcheck source=defragmentation.sh
. /usr/local/lib/cdktf-etcd/defragmentation.sh

# The same on all members.
quota=$(quota_of "")
armed() { ctl "$SELF" alarm list | grep -q 'alarm:NOSPACE'; }

obstacle=$(obstacle | head -n 1)
[ -z "$obstacle" ] || fail "nothing was changed: $obstacle. Mend that first, then run this again"
revision=$(database "$SELF" revision)
say "will compact the history up to revision $revision (reads and watches of older ones end with 'compacted'), defragment every member, one after the other (each does not serve for a while), and disarm NOSPACE if every database is then below 80 % of its quota, $((quota / 1048576)) MiB"

# Has the member compact the history, and waits until that is gone from its database: before that, a defragmentation would give little
# back. The first member's compaction is the whole cluster's, but each works it off for itself, and says "has been compacted" to a
# further request once it has.
compact() { # compact NAME URL
  say "compacting $1"
  # etcd pauses after each thousand entries, there may be millions of them, and the disk may be busy.
  _out=$(ctl_for 30m "$2" compact --physical "$revision" 2>&1) && return 0
  case $_out in
  *"has been compacted"*) ;;
  *) fail "$1 has not told that its history is compacted: $(echo "$_out" | tail -n 1). Look at journalctl -u etcd there, then run this again: it goes on from where it is" ;;
  esac
}

upkeep_order | while read -r _ name _ client _; do
  compact "$name" "$client"
  hold_snapshots "$name" ||
    fail "$name was not defragmented: a backup has been reading its database for half an hour. End it there (systemctl stop etcd-backup), then run this again"
  # While the alarm is up there are no writes that would wait for the leader.
  if ! armed && [ "$(database "$client" dbSizeInUse)" -gt "$IN_PLACE_BYTES" ]; then make_way "$client"; fi
  defragment_member "$name" "$client"
done

largest=$(upkeep_order | while read -r _ _ _ client _; do database "$client" dbSize; done | sort -n | tail -n 1)
[ $((largest * 5)) -le $((quota * 4)) ] ||
  fail "there is no room yet: what is in use takes $((largest / 1048576)) of $((quota / 1048576)) MiB. Delete keys (that works while the alarm is up), or raise settings.quotaGiB and deploy; then run this again"
if armed; then ctl "$SELF" alarm disarm >/dev/null; fi
say "made room: $((largest / 1048576)) of $((quota / 1048576)) MiB are in use; writes are taken again"
