# shellcheck shell=sh # sourced after common.sh
# Handing leadership over. A transfer drops the proposals that it meets, and their writers hang until their own deadline.

# Proposals that wait for their commit, by this member's own count.
pending() { curl -sS --max-time 2 http://127.0.0.1:2381/metrics | sed -n 's/^etcd_server_proposals_pending //p'; }

# On the leader: at once if nothing is pending; under steady load when as few are as in the best moment of the first second.
# Leaves their number in $count.
await_quiet() {
  fewest=
  sample=0
  while [ "$sample" -lt 150 ]; do
    count=$(pending)
    [ "${count:-0}" != 0 ] || return 0
    if [ "$sample" -lt 30 ]; then
      if [ -z "$fewest" ] || [ "$count" -lt "$fewest" ]; then fewest=$count; fi
    elif [ "$count" -le "$fewest" ]; then
      return 0
    fi
    sample=$((sample + 1))
    sleep 0.02
  done
}

# transfer LEADER_URL MEMBER_ID (decimal). Not by etcdctl: starting it takes longer than a quiet moment lasts.
transfer() {
  ask_client_url -f -o /dev/null --max-time 30 -d "{\"targetID\":\"$2\"}" "$1/v3/maintenance/transfer-leadership" || return 1
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
