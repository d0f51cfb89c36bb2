#!/bin/sh
# Arguments: for how many seconds, then peer URLs. Opens TCP connections to these again and again, and prints a line for each:
#   <peer URL> <curl's exit code> <name lookup> <connected> <end> <error>      (times in seconds)
# At the end prints a line for each peer, about all open connections with its machine:
#   <peer URL> segments <sent with data> <lost of these>
# Nothing of it stays on the machine.
#
# The firewall opens the peer port between members. If etcd listens there, the connection goes on as one of etcd's own probes, with the
# peer certificate, so that etcd logs no errors. If not, the refusal has taken one round trip, too.
set -eu

end=$(($(date +%s) + $1))
shift
pki=/etc/etcd/pki

probe() {
  if [ -r $pki/peer.key ]; then
    set -- "$1" --cacert $pki/peer-ca.crt --cert $pki/peer.crt --key $pki/peer.key
  fi
  url=$1
  shift
  while [ "$(date +%s)" -lt "$end" ]; do
    # A failure is a result, too.
    curl -s -o /dev/null --http1.1 --noproxy '*' --max-time 3 "$@" \
      -w "$url %{exitcode} %{time_namelookup} %{time_connect} %{time_total} %{errormsg}\n" "$url/raft/probing" || true
    sleep 0.3
  done
}

# Segments that the other side has received twice (dsack_dups) were sent again without need: late, not lost.
segments() {
  host=${1#https://}
  ss -tinH state established dst "${host%:*}" | awk -v url="$1" '
    {
      again = needless = 0
      for (i = 1; i <= NF; i++) {
        if (sub(/^data_segs_out:/, "", $i)) sent += $i
        if (sub(/^retrans:[0-9]+\//, "", $i)) again = $i
        if (sub(/^dsack_dups:/, "", $i)) needless = $i
      }
      if (again > needless) lost += again - needless
    }
    END { print url, "segments", sent + 0, lost + 0 }'
}

for url; do probe "$url" & done
wait
if command -v ss >/dev/null; then for url; do segments "$url"; done; fi
