#!/bin/sh
# Moves leadership to a better-placed member, at a quiet moment, once that member has been well and leadership has stayed here for
# long enough. Runs every few seconds on every member, but acts on the leader alone.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh

STATE=${RUNTIME_DIRECTORY:-/run/etcd-leader}
LONGEST_WAIT_SECONDS=3600
# Seconds since the boot: unlike the clock's, nobody sets them.
now=$(cut -d. -f1 /proc/uptime)

# Notes the term, which every change of leadership counts up, with the time when it was first seen here: lines of "time term".
note_term() { # note_term TERM
  [ "$(tail -n 1 "$STATE/terms" 2>/dev/null | cut -d' ' -f2)" = "$1" ] || echo "$now $1" >>"$STATE/terms"
}

# How long all must have been well. It doubles for each time in the last hour that leadership was lost again after a move (two
# changes each), so that leadership does not follow a link that comes and goes.
wait_seconds() {
  awk -v since=$((now - LONGEST_WAIT_SECONDS)) -v wait="$SETTLE_SECONDS" -v longest="$LONGEST_WAIT_SECONDS" '
    $1 >= since { changes++ }
    END { for (; changes > 3 && wait < longest; changes -= 2) wait *= 2; print (wait < longest ? wait : longest) }' "$STATE/terms"
}

# Whether the TCP handshake with the member at URL takes at most that many ms, in one of three tries: a single lost packet is no
# bad link.
near() { # near URL LONGEST_MS
  for _try in 1 2 3; do
    # Any request would do: only how long the connection took counts.
    ask_client_url -o /dev/null -w '%{time_connect}' "$1/version" 2>/dev/null |
      awk -v longest="$2" '{ near = $1 > 0 && $1 * 1000 <= longest } END { exit !near }' && return 0
  done
  return 1
}

# Whether the member at URL is near, commits writes, and has every entry that this one had when it was asked ($index).
well() { # well URL LONGEST_MS
  near "$1" "$2" || return 1
  commits "$1" || return 1
  theirs=$(status "$1") || return 1
  [ "$(echo "$theirs" | field RaftIndex)" -ge "$index" ]
}

[ -n "$BETTER_PLACED" ] || exit 0
# If etcd does not run here, or is not ready, it does not lead.
own=$(status "$SELF") || exit 0
note_term "$(echo "$own" | field RaftTerm)"
if [ "$(echo "$own" | field MemberID)" != "$(echo "$own" | field Leader)" ]; then
  rm -f "$STATE"/well.*
  exit 0
fi
index=$(echo "$own" | field RaftIndex)
in_place=$((now - $(tail -n 1 "$STATE/terms" | cut -d' ' -f1)))
wait=$(wait_seconds)
voters=$(members | voters)

for candidate in $BETTER_PLACED; do
  name=${candidate%%=*}
  url=$(echo "$voters" | client_of "$name")
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
  # It waits for the best place that is well. Going to the next best one meanwhile would take a second transfer.
  if [ "$well_for" -lt "$wait" ] || [ "$in_place" -lt "$wait" ]; then exit 0; fi
  alarms=$(ctl "$SELF" alarm list 2>/dev/null) || exit 0
  if echo "$alarms" | grep -q 'alarm:CORRUPT'; then
    # Somebody has to find out first which members' data are to be trusted.
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
