#!/bin/sh
# Defragments the members for which it pays, one after the other, the leader last. One member does this for all of them.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=coordinator.sh
. /usr/local/lib/cdktf-etcd/coordinator.sh
# shellcheck source=defragmentation.sh
. /usr/local/lib/cdktf-etcd/defragmentation.sh

[ "$(coordinator)" = "$MEMBER" ] || exit 0
upkeep_order | while read -r _ name _ client _; do
  size=$(database "$client" dbSize)
  used=$(database "$client" dbSizeInUse)
  if [ -z "$size" ] || [ -z "$used" ]; then
    say "$name is not defragmented: it does not tell its size"
    continue
  fi
  free=$((size - used))
  if [ $((2 * free)) -lt "$size" ] || [ "$free" -lt "$MINIMUM_FREE_BYTES" ]; then continue; fi
  hold_snapshots "$name" || {
    say "$name is not defragmented: a backup has been reading its database for half an hour"
    continue
  }
  # If two members take it for their turn at once, the one that is later finds here that another one is out of service.
  obstacle=$(obstacle | head -n 1)
  if [ -n "$obstacle" ]; then
    say "$name is not defragmented: $obstacle"
    exit 0
  fi
  if [ "$used" -gt "$IN_PLACE_BYTES" ]; then make_way "$client"; fi
  defragment_member "$name" "$client"
done
