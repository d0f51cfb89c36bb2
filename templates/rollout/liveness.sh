# shellcheck shell=sh
# Sourced after common.sh and members.sh: which voters are dead. A voter that gives no answer here may only be cut off from here. It
# is dead if meanwhile a majority of the other voters tells that they hear nothing of it, and none of them that it does, for as
# long as a fail-over takes.
#
# What a voter hears is in its metrics. The gauge etcd_network_active_peers is 0 at once for a peer whose connections are refused
# or reset. For a machine that falls silent it stays 1 for minutes: etcd means to wait 5 s at most for data from a peer, but has
# not set that limit on its connections since 3.5 (its transport dials by DialContext). Such a machine shows by etcd's two probers
# of each peer, and by how often they have looked (etcd_network_peer_round_trip_time_seconds_count): they look every 30 s whether
# there was an answer, but one of them every 5 s while there is none.

# Whether a member, or its machine, answers, if only with a refusal: at its client URL, or at its peer URL as long as it has no
# client URL. curl's codes for no answer are 6 (no such name), 7 (no connection) and 28 (not in time).
answers() { # answers PEER_URL CLIENT_URL
  if [ "$2" = - ]; then ask_peer_url -o /dev/null "$1/version" 2>/dev/null; else ask_client_url -o /dev/null "$2/version" 2>/dev/null; fi && return 0
  case $? in 6 | 7 | 28) return 1 ;; esac
}

# Reads a list of members, and prints those that give no answer here. They are asked side by side.
unanswered() {
  while read -r _id _name _peer _client _learner; do
    [ -n "$_id" ] || continue
    answers "$_peer" "$_client" || echo "$_id $_name $_peer $_client $_learner" &
  done
  wait
}

# In so many seconds the probers look four times for a peer that gives no answer, but only twice for one that does, and three times
# for one that has just come back.
PROBED_SECONDS=21
PROBES_UNANSWERED=4

# A probe that was under way when a machine fell silent ends only with its connection, as the streams do: by Go's keepalive, 165 s
# later (30 s, and 9 x 15 s). Until then that member seems to hear the machine. Within this time all know, and verdicts has told.
KNOWN_TO_ALL_SECONDS=220

# How many seconds to wait for verdicts to tell, and no fewer than these.
seconds_to_verdicts() { # seconds_to_verdicts AT_LEAST
  echo $(($1 > KNOWN_TO_ALL_SECONDS ? $1 : KNOWN_TO_ALL_SECONDS))
}

# What the member at this client URL tells of the others, on one line: ID for each that its streams are connected with, and
# ID=COUNT for how often its probers have looked for each. Fails if it does not tell.
tells() { # tells URL
  _metrics=$(ask_client_url -f "$1/metrics" 2>/dev/null) || return 1
  echo "$_metrics" | sed -n '
    s/^etcd_network_active_peers{.*Remote="\([0-9a-f]*\)".*} 1$/\1/p
    s/^etcd_network_peer_round_trip_time_seconds_count{To="\([0-9a-f]*\)"} \([0-9]*\)$/\1=\2/p' | paste -sd' ' -
}

# A line for each of these voters that tells: "word", its id, and what it tells.
words_of() { # words_of VOTERS
  echo "$1" | {
    while read -r _id _ _ _client _; do
      [ "$_client" = - ] || { _told=$(tells "$_client") && echo "word $_id $_told"; } &
    done
    wait
  }
}

# The lines of the suspects, each with a verdict in front by what the other voters tell: dead, heard, or unknown if too few tell.
# WORDS are all words up to now, with a line "round" before those of each round. Only those who told in the last round count.
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

# The voters on other machines that give no answer here, each with a verdict in front: dead, heard (others hear it) or unknown.
verdicts() { # verdicts MEMBERS
  _voters=$(echo "$1" | voters)
  _suspects=$(echo "$_voters" | others | unanswered)
  _begun=$(date +%s)
  _words=""
  while [ -n "$_suspects" ]; do
    _words="$_words
round
$(words_of "$_voters")"
    _judged=$(judged "$_suspects" "$_voters" "$_words")
    _watched=$(($(date +%s) - _begun))
    # It ends early if all suspects are dead by then, which streams show; otherwise when the probers have had their time.
    if [ "$_watched" -ge "$SILENCE_SECONDS" ] && ! echo "$_judged" | grep -qv '^dead '; then break; fi
    [ "$_watched" -lt "$PROBED_SECONDS" ] || [ "$_watched" -lt "$SILENCE_SECONDS" ] || break
    sleep 3
    _suspects=$(echo "$_suspects" | unanswered)
  done
  [ -z "$_suspects" ] || echo "$_judged"
}

# Reads verdicts, and prints a list of those that are dead.
dead() { sed -n 's/^dead //p'; }

# Whether a machine stands for a member: one that is declared, or one of the cluster that is taken over.
is_known() { echo " $PEER_URL $OTHER_PEER_URLS " | grep -qF " $1 "; } # is_known PEER_URL

# Reads a list of dead members, and removes them: while too many are missed, etcd adds no member and none may restart. etcd itself
# refuses a removal that would cost the quorum.
remove_dead() {
  while read -r id name peer _; do
    [ -n "$id" ] || continue
    if [ "$name" = "$MEMBER" ]; then _whom="its dead predecessor"; else _whom="the dead member $name"; fi
    say "removing $_whom ($id, $peer)"
    must_remove "$SELF $OTHERS" "$id" "$_whom"
  done
}

# The dead voters of a list that no machine stands for any more.
dead_strangers() { # dead_strangers MEMBERS
  verdicts "$1" | dead | while read -r id name peer client learner; do
    is_known "$peer" || echo "$id $name $peer $client $learner"
  done
}
