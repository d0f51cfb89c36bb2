# shellcheck shell=sh
# Sourced after common.sh and members.sh: handing leadership over. A transfer drops the proposals that it meets, and their writers
# hang until their own deadline.
# shellcheck source=grpc.sh
. /usr/local/lib/cdktf-etcd/grpc.sh

# How many proposals wait for their commit, by this member's own count.
pending() { curl -sS --max-time 2 http://127.0.0.1:2381/metrics | sed -n 's/^etcd_server_proposals_pending //p'; }

# On the leader, waits for a quiet moment: for one without pending proposals, or, after about a second, for one with as few as in
# the best moment until then. Gives up after a few seconds. Leaves their number in $_count.
await_quiet() {
  _fewest=
  _sample=0
  while [ "$_sample" -lt 150 ]; do
    _count=$(pending)
    [ "${_count:-0}" != 0 ] || return 0
    if [ "$_sample" -lt 30 ]; then
      if [ -z "$_fewest" ] || [ "$_count" -lt "$_fewest" ]; then _fewest=$_count; fi
    elif [ "$_count" -le "$_fewest" ]; then
      return 0
    fi
    _sample=$((_sample + 1))
    sleep 0.02
  done
}

# transfer LEADER_URL MEMBER_ID WHAT_TO_SAY: moves leadership to that member, by its decimal id; at a quiet moment if this member
# leads, as another one's can't be seen from here. Not by etcdctl, which takes longer to start than a quiet moment lasts.
transfer() {
  # Made before the quiet moment, for the same reason: a MoveLeaderRequest, whose first field is targetID.
  _request=$(grpc_frame "\\0010$(varint "$2")")
  if leads "$SELF"; then
    await_quiet
    say "$3, with ${_count:-0} proposals pending"
  else
    say "$3"
  fi
  grpc_call "$1" etcdserverpb.Maintenance/MoveLeader "$_request" --max-time 30 || return 1
  # The member that led is often stopped or removed next. It first stays for a while, to pass on the requests that still reach it,
  # and so that clients can repeat what the transfer has dropped: no write is to meet both.
  sleep "$HANDOVER_PAUSE_SECONDS"
}

# Whether the member that answers at URL leads.
leads() {
  _status=$(status "$1") || return 1
  [ "$(echo "$_status" | field MemberID)" = "$(echo "$_status" | field Leader)" ]
}

# The decimal id of the member at this client URL, by its own word.
member_id() { status "$1" | field MemberID; } # member_id URL

# Hands leadership over from the member that leads at LEADER_URL to the best-placed other one that commits writes; if there is none,
# to one that is about to leave: it hands it on before it leaves, and that takes less time than an election. Fails if nobody takes it.
hand_over() { # hand_over LEADER_URL
  _from=$(member_id "$1")
  [ -n "$_from" ] || return 1
  _from=$(printf '%x' "$_from")
  _list=$(members)
  _voters=$(echo "$_list" | voters | ever_started | without_id "$_from")
  # Another member of its name is its predecessor, and comes last.
  _own_name=$(echo "$_list" | member_with_id "$_from" | names)
  for _candidate in $(echo "$LEADER_ORDER" | tr ' ' '\n' | grep -vxF "$_own_name") $(echo "$_voters" | names); do
    _url=$(echo "$_voters" | client_of "$_candidate")
    if [ -z "$_url" ] || ! commits "$_url"; then continue; fi
    transfer "$1" "$(member_id "$_url")" "handing leadership over to $_candidate" && return 0
  done
  say "no other member can lead"
  return 1
}
