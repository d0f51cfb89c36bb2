# shellcheck shell=sh
# Sourced after common.sh: who does what only one member may do. Every member works out the same order from what the
# cluster says of itself, so nobody has to be asked and nothing has to be written.

# The declared voters as "name id client-url": the leader's worst place first, the leader itself last.
upkeep_order() {
  members | awk -v order="$LEADER_ORDER" -v leader="$(leader_id "$SELF$OTHERS")" '
    BEGIN { count = split(order, names, " "); for (i in names) place[names[i]] = i }
    $5 == "false" && $4 != "-" && ($2 in place) { print ($1 == leader), count - place[$2], $2, $1, $4 }' |
    sort -n -k1,1 -k2,2 | cut -d' ' -f3-
}

# The name of the first of them that takes part in a quorum; empty if nobody does.
coordinator() {
  upkeep_order | while read -r _name _ _url; do
    if commits "$_url"; then
      echo "$_name"
      break
    fi
  done
}
