# shellcheck shell=sh
# Sourced after common.sh: which voters are dead. One that gives no answer here may only be cut off from here. Dead is who gives none while a
# majority of the other voters tells that it has no connection with it, and none of them that it has, for as long as a fail-over takes.

# Whether something answers for a member, be it with a refusal: at its client URL, or its peer URL before it has ever told that. For curl nobody does if there is
# no such name, no connection, or no answer in time.
answers() { # answers PEER_URL CLIENT_URL
  if [ "$2" = - ]; then ask_peer_url -o /dev/null "$1/version" 2>/dev/null; else ask_client_url -o /dev/null "$2/version" 2>/dev/null; fi && return 0
  case $? in 6 | 7 | 28) return 1 ;; esac
}

# Of these lines "id name peer-url client-url learner" those that nobody answers for.
unanswered() {
  while read -r _id _name _peer _client _learner; do
    [ -n "$_id" ] || continue
    answers "$_peer" "$_client" || echo "$_id $_name $_peer $_client $_learner" &
  done
  wait
}

# The ids of the members that the one at the URL has a connection with, on one line; fails if it doesn't tell.
connected_with() { # connected_with URL
  _metrics=$(ask_client_url -f "$1/metrics" 2>/dev/null) || return 1
  echo "$_metrics" | sed -n 's/^etcd_network_active_peers{.*Remote="\([0-9a-f]*\)".*} 1$/\1/p' | paste -sd' ' -
}

# What these voters say: a line for each that answers, its id and the ids that it is connected with.
words_of() { # words_of VOTERS
  echo "$1" | {
    while read -r _id _ _ _client _; do
      [ "$_client" = - ] || { _connected=$(connected_with "$_client") && echo "$_id $_connected"; } &
    done
    wait
  }
}

# Of these voters' lines the suspects', each with what the others' words make of it in front: dead, heard, or unknown while too few have told.
judged() { # judged SUSPECTS VOTERS
  {
    echo "$2" | sed 's/^/voter /'
    words_of "$2" | sed 's/^/word /'
    echo "$1" | sed 's/^/suspect /'
  } | awk '
    $1 == "voter" { voters++ }
    $1 == "word" { told[$2]; for (i = 3; i <= NF; i++) connected[$2, $i] }
    $1 == "suspect" {
      heard = silent = 0
      for (witness in told) if (witness != $2) { if ((witness, $2) in connected) heard++; else silent++ }
      $1 = heard ? "heard" : (2 * silent > voters - 1 ? "dead" : "unknown")
      print
    }'
}

# Of these members the voters on other machines that give no answer here, each with a verdict in front: dead, heard or unknown.
verdicts() { # verdicts MEMBERS
  _voters=$(echo "$1" | awk '$5 == "false"')
  _suspects=$(echo "$_voters" | awk -v url="$PEER_URL" '$3 != url' | unanswered)
  _end=$(($(date +%s) + SILENCE_SECONDS))
  while [ -n "$_suspects" ]; do
    _judged=$(judged "$_suspects" "$_voters")
    echo "$_judged" | sed '/^dead /d'
    _suspects=$(echo "$_judged" | sed -n 's/^dead //p')
    [ "$(date +%s)" -lt "$_end" ] || break
    sleep 1
    _suspects=$(echo "$_suspects" | unanswered)
  done
  echo "$_suspects" | sed -n 's/^./dead &/p'
}

# Whether that is the address of a member that is declared, or of one that is taken over.
is_known() { echo " $PEER_URL $OTHER_PEER_URLS " | grep -qF " $1 "; } # is_known PEER_URL

# Removes the members of these lines "id name peer-url ...": etcd adds nobody, and nobody may restart, while too many are missed. It refuses by itself what would
# cost the quorum.
remove_dead() {
  while read -r _id _name _peer _; do
    [ -n "$_id" ] || continue
    if [ "$_name" = "$MEMBER" ]; then _whom="its dead predecessor"; else _whom="the dead member $_name"; fi
    say "removing $_whom ($_id, $_peer)"
    _why=$(remove_member "$SELF$OTHERS" "$_id") ||
      fail "$_whom was not removed: $_why. Bring the other members back to health, then deploy again"
  done
}

# Of these members the dead voters that are at no known address: no machine stands for them any more.
dead_strangers() { # dead_strangers MEMBERS
  verdicts "$1" | sed -n 's/^dead //p' | while read -r _id _name _peer _rest; do
    is_known "$_peer" || echo "$_id $_name $_peer $_rest"
  done
}
