# shellcheck shell=sh
# Sourced after common.sh: authorities that have run out. etcd reads once, at its start, which authorities it trusts. Once one of
# them has run out, etcd refuses every certificate that it has signed as expired, new ones too, until it has restarted with the
# authority that was laid down since. Files do not tell what a process trusts, as a deploy may have been cut off before the restart. Its ports do.

# Whether a certificate is valid now, by the authorities in the file CAS.
valid() { openssl verify -partial_chain -purpose any -CAfile "$1" "$2" >/dev/null 2>&1; } # valid CAS CERTIFICATE

# Whether whoever listens at URL refuses a certificate, which is valid, as expired (TLS alert 45). With TLS 1.2 that alert is part of
# the handshake. If only TLS 1.3 is spoken there (alert 70 to 1.2), it may come any time after the handshake: so that is waited for.
refused_as_expired() { # refused_as_expired CERTIFICATE KEY URL
  for _tls in tls1_2 tls1_3; do
    _said=$({ [ "$_tls" = tls1_2 ] || sleep "$DIAL_SECONDS"; } |
      timeout "$((DIAL_SECONDS * 2))" openssl s_client "-$_tls" -connect "${3#https://}" -cert "$1" -key "$2" 2>&1) || true
    case $_said in
    *"SSL alert number 45"*) return 0 ;;
    *"SSL alert number 70"*) ;;
    *) return 1 ;;
    esac
  done
  return 1
}
refuses_as_client() { refused_as_expired "$ETCDCTL_CERT" "$ETCDCTL_KEY" "$1"; } # refuses_as_client CLIENT_URL
refuses_as_peer() { refused_as_expired /etc/etcd/pki/peer.crt /etc/etcd/pki/peer.key "$1"; } # refuses_as_peer PEER_URL
accepts_as_peer() { ask_peer_url -o /dev/null "$1/version" 2>/dev/null; } # accepts_as_peer PEER_URL

# Whether etcd on this machine runs with an authority that has run out: for clients, or for peers.
outdated_for_clients() { valid "$ETCDCTL_CACERT" "$ETCDCTL_CERT" && refuses_as_client "$SELF"; }
outdated_for_peers() { valid /etc/etcd/pki/peer-ca.crt /etc/etcd/pki/peer.crt && refuses_as_peer https://127.0.0.1:2380; }

# The peer URLs of those other members for which TEST holds.
peers_that() { # peers_that TEST
  for _url in $OTHER_PEER_URLS; do
    { ! "$1" "$_url" || echo "$_url"; } &
  done
}
