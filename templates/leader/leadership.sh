# shellcheck shell=sh # sourced after common.sh
# Handing leadership over. A transfer drops the proposals that it meets, and their writers hang until their own deadline.
# shellcheck source=grpc.sh
. /usr/local/lib/cdktf-etcd/grpc.sh

# Proposals that wait for their commit, by this member's own count.
pending() { curl -sS --max-time 2 http://127.0.0.1:2381/metrics | sed -n 's/^etcd_server_proposals_pending //p'; }

# On the leader: at once if nothing is pending; under steady load when as few are as in the best moment of the first second.
# Leaves their number in $_count.
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

# transfer LEADER_URL MEMBER_ID (decimal) WHAT_TO_SAY: at a quiet moment if this member leads; when it is quiet elsewhere can't be
# seen from here. Not by etcdctl: starting it takes longer than a quiet moment lasts.
transfer() {
  # Made beforehand, for the same reason: a MoveLeaderRequest, of which targetID is the first field.
  _request=$(grpc_frame "\\0010$(varint "$2")")
  if leads "$SELF"; then
    await_quiet
    say "$3, with ${_count:-0} proposals pending"
  else
    say "$3"
  fi
  grpc_call "$1" etcdserverpb.Maintenance/MoveLeader "$_request" --max-time 30 || return 1
  # The member that led is stopped or removed next. Until then it passes on what still comes its way, and what met the
  # transfer is repeated: to meet both would cost a write both times.
  sleep "$HANDOVER_PAUSE_SECONDS"
}

# Whether the member that answers at URL leads.
leads() {
  _status=$(status "$1") || return 1
  [ "$(echo "$_status" | field MemberID)" = "$(echo "$_status" | field Leader)" ]
}

# The member id, decimal, of whoever answers at URL.
member_id() { status "$1" | field MemberID; }

# From the member that leads at LEADER_URL to the best place but its own that commits writes. If there is none, to one that is
# about to leave: it gives it back before it does, and an election would take longer. Fails if nobody can take it.
hand_over() { # hand_over LEADER_URL
  _from=$(member_id "$1")
  [ -n "$_from" ] || return 1
  _from=$(printf '%x' "$_from")
  _list=$(members)
  _voters=$(echo "$_list" | awk -v from="$_from" '$1 != from && $4 != "-" && $5 == "false" { print $2, $4 }')
  # One of its own name is its predecessor, which comes last.
  _name=$(echo "$_list" | awk -v from="$_from" '$1 == from { print $2 }')
  for _candidate in $(echo "$LEADER_ORDER" | tr ' ' '\n' | grep -vxF "$_name") $(echo "$_voters" | cut -d' ' -f1); do
    _url=$(echo "$_voters" | awk -v name="$_candidate" '$1 == name { print $2; exit }')
    if [ -z "$_url" ] || ! commits "$_url"; then continue; fi
    transfer "$1" "$(member_id "$_url")" "handing leadership over to $_candidate" && return 0
  done
  say "no other member can lead"
  return 1
}
