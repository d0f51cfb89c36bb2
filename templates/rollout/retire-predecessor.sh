#!/bin/sh
# Removes the members of this one's name on other machines, which it has taken over from, leadership included.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh

list=$(all_members)
echo "$list" | awk -v name="$MEMBER" -v url="$PEER_URL" '$2 == name && $3 != url' | while read -r id _ peer client _; do
  if [ "$client" != - ] && leads "$client"; then
    transfer "$client" "$(member_id "$SELF")" "taking leadership over from its predecessor" ||
      say "its predecessor keeps leadership until it is removed"
  fi
  say "retiring its predecessor $id ($peer)"
  must_remove "$SELF$OTHERS" "$id" "its predecessor"
done
