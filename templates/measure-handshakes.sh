#!/bin/sh
# Opens TCP connections to the other members' peer port, again and again, and prints a line for each:
#   <peer URL> <curl's exit code> <name lookup> <connected> <end> <error>      (times in seconds)
# Arguments: for how many seconds; then the peer URLs. Nothing of it stays on the machine.
#
# The peer port is what the firewall opens between members. Where etcd listens there, the connection goes on as one of its own probes, with
# the peer certificate, so that etcd has nothing to complain of; where it does not, the refusal has come over one round trip.
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
    # A failure is a result too.
    curl -s -o /dev/null --http1.1 --noproxy '*' --max-time 3 "$@" \
      -w "$url %{exitcode} %{time_namelookup} %{time_connect} %{time_total} %{errormsg}\n" "$url/raft/probing" || true
    sleep 0.3
  done
}

for url; do probe "$url" & done
wait
