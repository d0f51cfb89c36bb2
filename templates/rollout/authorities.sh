# shellcheck shell=sh # sourced after common.sh
# Authorities that have run out. etcd reads whom it trusts once, at its start: while it runs with an authority that has run out it
# refuses every certificate as expired, new ones too, and one that is laid down in its place helps only after a restart. What a
# process trusts is asked at its ports: the files may be further than it, after a deploy that was cut off.

# Whether a certificate is valid at this moment, by the authorities in the file CAS.
valid() { openssl verify -purpose any -CAfile "$1" "$2" >/dev/null 2>&1; } # valid CAS CERTIFICATE

# Whether whoever listens at URL refuses a certificate, which is valid, as expired (alert 45). With TLS 1.2 that is part of the
# handshake; where it is not spoken (alert 70), it may come at any time after one of 1.3.
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

# Whether etcd on this machine runs with such an authority, for clients or for peers.
outdated_for_clients() { valid "$ETCDCTL_CACERT" "$ETCDCTL_CERT" && refuses_as_client "$SELF"; }
outdated_for_peers() { valid /etc/etcd/pki/peer-ca.crt /etc/etcd/pki/peer.crt && refuses_as_peer https://127.0.0.1:2380; }

# The peer URLs of those other members of which TEST holds.
peers_that() { # peers_that TEST
  for _url in $OTHER_PEER_URLS; do
    { ! "$1" "$_url" || echo "$_url"; } &
  done
}
