#!/bin/sh
# Moves leadership to a better-placed member, once that has been well and the leader in place for a settled while, at a
# quiet moment. Runs every few seconds on every member, and acts on the leader alone.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh

STATE=${RUNTIME_DIRECTORY:-/run/etcd-leader}
LONGEST_WAIT_SECONDS=3600
# The clock may be set; this one only goes on.
now=$(cut -d. -f1 /proc/uptime)

# Every change of leadership counts up the term. Lines of "when term", by this machine's own watch.
note_term() {
  [ "$(tail -n 1 "$STATE/terms" 2>/dev/null | cut -d' ' -f2)" = "$1" ] || echo "$now $1" >>"$STATE/terms"
}

# How long all must have been well: doubled for each time in the last hour that leadership was lost again after it had
# been moved (two changes each), so that a link that comes and goes is left to those who can mend it.
wait_seconds() {
  awk -v since=$((now - LONGEST_WAIT_SECONDS)) -v wait="$SETTLE_SECONDS" -v longest="$LONGEST_WAIT_SECONDS" '
    $1 >= since { changes++ }
    END { for (; changes > 3 && wait < longest; changes -= 2) wait *= 2; print (wait < longest ? wait : longest) }' "$STATE/terms"
}

# Whether a TCP handshake with the member at URL takes at most that many ms: one of three, as a single lost packet is no
# bad link.
near() { # near URL LONGEST_MS
  for _try in 1 2 3; do
    # What is asked does not matter, only how long the connection took.
    ask_client_url -o /dev/null -w '%{time_connect}' "$1/version" 2>/dev/null |
      awk -v longest="$2" '{ near = $1 > 0 && $1 * 1000 <= longest } END { exit !near }' && return 0
  done
  return 1
}

# Whether the member at URL is near, commits writes and has what this one had.
well() { # well URL LONGEST_MS
  near "$1" "$2" || return 1
  commits "$1" || return 1
  theirs=$(status "$1") || return 1
  [ "$(echo "$theirs" | field RaftIndex)" -ge "$index" ]
}

[ -n "$BETTER_PLACED" ] || exit 0
# Not running, or not ready: nothing to place.
own=$(status "$SELF") || exit 0
note_term "$(echo "$own" | field RaftTerm)"
if [ "$(echo "$own" | field MemberID)" != "$(echo "$own" | field Leader)" ]; then
  rm -f "$STATE"/well.*
  exit 0
fi
index=$(echo "$own" | field RaftIndex)
in_place=$((now - $(tail -n 1 "$STATE/terms" | cut -d' ' -f1)))
wait=$(wait_seconds)
voters=$(members | awk '$5 == "false"')

for candidate in $BETTER_PLACED; do
  name=${candidate%%=*}
  url=$(echo "$voters" | awk -v name="$name" '$2 == name { print $4; exit }')
  if [ -z "$url" ] || [ "$url" = - ] || ! well "$url" "${candidate#*=}"; then
    [ ! -e "$STATE/well.$name" ] || say "$name is not well any more: the leader stays here"
    rm -f "$STATE/well.$name"
    continue
  fi
  if [ ! -e "$STATE/well.$name" ]; then
    echo "$now" >"$STATE/well.$name"
    say "$name is a better place for the leader: it moves there once all has been well for $wait s"
  fi
  well_for=$((now - $(cat "$STATE/well.$name")))
  # The best one that is well is waited for: going to the next best meanwhile would take a second transfer.
  if [ "$well_for" -lt "$wait" ] || [ "$in_place" -lt "$wait" ]; then exit 0; fi
  alarms=$(ctl "$SELF" alarm list 2>/dev/null) || exit 0
  if echo "$alarms" | grep -q 'alarm:CORRUPT'; then
    # Which member is to be trusted has to be found out first.
    [ -e "$STATE/corrupt" ] || say "the alarm CORRUPT is up: the leader stays here (see 'An alarm CORRUPT' in docs/operations.md)"
    : >"$STATE/corrupt"
    exit 0
  fi
  rm -f "$STATE/corrupt"
  transfer "$SELF" "$(echo "$theirs" | field MemberID)" "moving the leader to $name, which has been well for $well_for s" ||
    say "the leader stays where it is for now"
  rm -f "$STATE"/well.*
  exit 0
done
