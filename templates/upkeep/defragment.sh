#!/bin/sh
# Defragments members for which it pays, one after the other, the leader last. One member does this for all.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=coordinator.sh
. /usr/local/lib/cdktf-etcd/coordinator.sh
# shellcheck source=defragmentation.sh
. /usr/local/lib/cdktf-etcd/defragmentation.sh

[ "$(coordinator)" = "$MEMBER" ] || exit 0
upkeep_order | while read -r name _ url; do
  size=$(database "$url" dbSize)
  used=$(database "$url" dbSizeInUse)
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
  # Two members that both took this for their turn would find each other's busy one here.
  obstacle=$(obstacle | head -n 1)
  if [ -n "$obstacle" ]; then
    say "$name is not defragmented: $obstacle"
    exit 0
  fi
  if [ "$used" -gt "$IN_PLACE_BYTES" ]; then make_way "$url"; fi
  defragment_member "$name" "$url"
done
