import { Tuning } from "../wan";

/** Where a member is reached. */
export interface MemberAddresses {
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** Settings of etcd that are derived: its addresses, its timeouts, and where its certificates lie. */
export function ownSettings(
  name: string,
  { clientUrl, peerUrl }: MemberAddresses,
  tuning: Tuning,
): Record<string, string> {
  return {
    ETCD_NAME: name,
    ETCD_DATA_DIR: "/var/lib/etcd",
    ETCD_LISTEN_CLIENT_URLS: "https://0.0.0.0:2379",
    ETCD_LISTEN_PEER_URLS: "https://0.0.0.0:2380",
    ETCD_LISTEN_METRICS_URLS: "http://127.0.0.1:2381",
    ETCD_ADVERTISE_CLIENT_URLS: clientUrl,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrl,
    ETCD_HEARTBEAT_INTERVAL: String(tuning.heartbeatMs),
    ETCD_ELECTION_TIMEOUT: String(tuning.electionMs),
    ETCD_TRUSTED_CA_FILE: "/etc/etcd/pki/client-ca.crt",
    ETCD_CERT_FILE: "/etc/etcd/pki/server.crt",
    ETCD_KEY_FILE: "/etc/etcd/pki/server.key",
    ETCD_CLIENT_CERT_AUTH: "true",
    ETCD_PEER_TRUSTED_CA_FILE: "/etc/etcd/pki/peer-ca.crt",
    ETCD_PEER_CERT_FILE: "/etc/etcd/pki/peer.crt",
    ETCD_PEER_KEY_FILE: "/etc/etcd/pki/peer.key",
    ETCD_PEER_CLIENT_CERT_AUTH: "true",
  };
}
