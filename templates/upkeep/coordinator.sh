# shellcheck shell=sh
# Sourced after common.sh and members.sh: which member does what only one may do. Every member works out the same order from what
# the cluster tells of itself, so no member has to be asked, and nothing has to be written.

# The list of declared voters: the leader's worst place first, the leader itself last.
upkeep_order() {
  _leading=$(leader_id "$SELF $OTHERS")
  _voters=$(members | voters | ever_started)
  _worst_first=
  for _place in $LEADER_ORDER; do _worst_first="$_place $_worst_first"; done
  _ordered=$(for _place in $_worst_first; do echo "$_voters" | members_named "$_place"; done)
  echo "$_ordered" | without_id "$_leading"
  echo "$_ordered" | member_with_id "$_leading"
}

# The name of the first of them that takes part in a quorum; empty if none does.
coordinator() {
  upkeep_order | while read -r _ name _ client _; do
    if commits "$client"; then
      echo "$name"
      break
    fi
  done
}
