#!/bin/sh
# Removes the predecessors of this member: members of its name on other machines. If one of them leads, this one takes
# leadership over first.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh

list=$(all_members)
echo "$list" | members_named "$MEMBER" | others | while read -r id _ peer client _; do
  if [ "$client" != - ] && leads "$client"; then
    transfer "$client" "$(member_id "$SELF")" "taking leadership over from its predecessor" ||
      say "its predecessor keeps leadership until it is removed"
  fi
  say "retiring its predecessor $id ($peer)"
  must_remove "$SELF $OTHERS" "$id" "its predecessor"
done
