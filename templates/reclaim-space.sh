#!/bin/sh
# The way out of the alarm NOSPACE, for root on any one member: gives up the history, gives the space back, and disarms
# the alarm if that made room.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=coordinator.sh
. /usr/local/lib/cdktf-etcd/coordinator.sh
# shellcheck source=defragmentation.sh
. /usr/local/lib/cdktf-etcd/defragmentation.sh

# As this member runs with; all run with the same.
quota=$(sed -n 's/^ETCD_QUOTA_BACKEND_BYTES=//p' /etc/etcd/etcd.env)
armed() { ctl "$SELF" alarm list | grep -q 'alarm:NOSPACE'; }

obstacle=$(obstacle | head -n 1)
[ -z "$obstacle" ] || fail "nothing was changed: $obstacle. Mend that first, then run this again"
revision=$(database "$SELF" revision)
say "will compact the history up to revision $revision (reads and watches of older ones end with 'compacted'), defragment every member, one after the other (each does not serve for a while), and disarm NOSPACE if every database is then below 80 % of its quota, $((quota / 1048576)) MiB"

if ! out=$(ctl "$SELF" compact --physical "$revision" 2>&1); then
  case $out in
  *"has been compacted"*) ;;
  *) fail "nothing was changed: not compacted: $(echo "$out" | tail -n 1)" ;;
  esac
fi
upkeep_order | while read -r name _ url; do
  # While the alarm is up there are no writes that a leader could hold up.
  if ! armed && [ "$(database "$url" dbSizeInUse)" -gt "$IN_PLACE_BYTES" ]; then make_way "$url"; fi
  defragment_member "$name" "$url"
done

largest=$(upkeep_order | while read -r _ _ url; do database "$url" dbSize; done | sort -n | tail -n 1)
[ $((largest * 5)) -le $((quota * 4)) ] ||
  fail "there is no room yet: what is in use takes $((largest / 1048576)) of $((quota / 1048576)) MiB. Delete keys (that works while the alarm is up), or raise settings.quotaGiB and deploy; then run this again"
if armed; then ctl "$SELF" alarm disarm >/dev/null; fi
say "made room: $((largest / 1048576)) of $((quota / 1048576)) MiB are in use; writes are taken again"
