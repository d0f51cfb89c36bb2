# shellcheck shell=sh
# Sourced after common.sh: which voters are dead. One that gives no answer here may only be cut off from here. Dead is who gives none while a
# majority of the other voters tells that it hears nothing of it, and none of them that it does, for as long as a fail-over takes.
#
# etcd's gauge etcd_network_active_peers is 0 at once where a connection is refused or reset. Of a machine that falls silent it stays 1
# for minutes: etcd means to read a peer's stream for 5 s at most, but has not set that on its connections since 3.5 (its transport dials
# by DialContext). What does tell are etcd's two probers for each peer: they ask it every 4 s, and look whether it answers, and count that
# (etcd_network_peer_round_trip_time_seconds_count), every 30 s. One of them opens a new connection each time, and looks every 5 s while there is no answer.

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

# Within that time one who gives no answer is looked for so often; anybody else twice, and one who has just come back three times.
PROBED_SECONDS=21
PROBES_UNANSWERED=4

# What the member at the URL tells of the others, on one line: the id of each that its streams are connected with, and for each how often its probers have looked,
# as ID=COUNT; fails if it doesn't tell.
tells() { # tells URL
  _metrics=$(ask_client_url -f "$1/metrics" 2>/dev/null) || return 1
  echo "$_metrics" | sed -n '
    s/^etcd_network_active_peers{.*Remote="\([0-9a-f]*\)".*} 1$/\1/p
    s/^etcd_network_peer_round_trip_time_seconds_count{To="\([0-9a-f]*\)"} \([0-9]*\)$/\1=\2/p' | paste -sd' ' -
}

# What these voters say: a line for each that answers, its id and what it tells.
words_of() { # words_of VOTERS
  echo "$1" | {
    while read -r _id _ _ _client _; do
      [ "$_client" = - ] || { _told=$(tells "$_client") && echo "word $_id $_told"; } &
    done
    wait
  }
}

# Of these voters' lines the suspects', each with what the others' words make of it in front: dead, heard, or unknown while too few have told. WORDS are those of all this time,
# round by round; who has told is who has in the last one.
judged() { # judged SUSPECTS VOTERS WORDS
  {
    echo "$2" | sed 's/^/voter /'
    echo "$3"
    echo "$1" | sed 's/^/suspect /'
  } | awk -v unanswered="$PROBES_UNANSWERED" '
    $1 == "voter" { voters++ }
    $1 == "round" { split("", told) }
    $1 == "word" {
      told[$2]
      for (i = 3; i <= NF; i++) {
        if (split($i, probes, "=") == 1) { connected[$2, $i]; continue }
        if (!(($2, probes[1]) in first)) first[$2, probes[1]] = probes[2]
        looked[$2, probes[1]] = probes[2] - first[$2, probes[1]]
      }
    }
    $1 == "suspect" {
      heard = silent = 0
      for (witness in told) if (witness != $2) {
        if (((witness, $2) in connected) && looked[witness, $2] < unanswered) heard++; else silent++
      }
      $1 = heard ? "heard" : (2 * silent > voters - 1 ? "dead" : "unknown")
      print
    }'
}

# Of these members the voters on other machines that give no answer here, each with a verdict in front: dead, heard or unknown.
verdicts() { # verdicts MEMBERS
  _voters=$(echo "$1" | awk '$5 == "false"')
  _suspects=$(echo "$_voters" | awk -v url="$PEER_URL" '$3 != url' | unanswered)
  _begun=$(date +%s)
  _words=""
  while [ -n "$_suspects" ]; do
    _words="$_words
round
$(words_of "$_voters")"
    _judged=$(judged "$_suspects" "$_voters" "$_words")
    _watched=$(($(date +%s) - _begun))
    # Nobody's streams were connected with them all the while; or the probers have had their time.
    if [ "$_watched" -ge "$SILENCE_SECONDS" ] && ! echo "$_judged" | grep -qv '^dead '; then break; fi
    [ "$_watched" -lt "$PROBED_SECONDS" ] || [ "$_watched" -lt "$SILENCE_SECONDS" ] || break
    sleep 3
    _suspects=$(echo "$_suspects" | unanswered)
  done
  [ -z "$_suspects" ] || echo "$_judged"
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
    must_remove "$SELF$OTHERS" "$_id" "$_whom"
  done
}

# Of these members the dead voters that are at no known address: no machine stands for them any more.
dead_strangers() { # dead_strangers MEMBERS
  verdicts "$1" | sed -n 's/^dead //p' | while read -r _id _name _peer _rest; do
    is_known "$_peer" || echo "$_id $_name $_peer $_rest"
  done
}
