/** The server's state. It is plain JSON: the state file has exactly this. */
export interface State {
  version: 1;
  /** Next number per kind of id. */
  sequences: Record<string, number>;
  /** Where the search for a free address starts, so that a freed one is not handed out again at once. */
  cursors: Record<string, number>;
  keys: SshKey[];
  droplets: Droplet[];
  vpcs: Vpc[];
  peerings: VpcPeering[];
  tags: Tag[];
  firewalls: Firewall[];
  volumes: Volume[];
  reservedIps: ReservedIp[];
  domains: Domain[];
  projects: Project[];
  actions: Action[];
}

export interface SshKey {
  id: number;
  name: string;
  fingerprint: string;
  publicKey: string;
}

/** "archive" is a droplet that could not be made: clients that wait for "active" give up at once. */
export type DropletStatus = "new" | "active" | "off" | "archive";

export interface BackupPolicy {
  plan: "daily" | "weekly";
  weekday?: string;
  hour: number;
}

export interface Droplet {
  id: number;
  name: string;
  region: string;
  size: string;
  /** Disk in GiB; less than the size's after a resize that left the disk alone. */
  disk: number;
  imageId: number;
  status: DropletStatus;
  createdAt: string;
  /** The keys' text at creation: a key that is deleted later stays on the machine. */
  sshKeys: string[];
  userData?: string;
  tags: string[];
  vpcId: string;
  publicIpv4: string;
  privateIpv4: string;
  publicIpv6?: string;
  backups?: BackupPolicy;
  monitoring: boolean;
  agent: boolean;
  createActionId: number;
  /** The driver has made the machine. */
  made: boolean;
  /** A DELETE was accepted, but the machine is not gone yet. */
  destroying: boolean;
  /** Injected faults, fixed when the droplet is created, so that a restart does not change them. */
  faults: DropletFaults;
}

export interface DropletFaults {
  staysNew?: boolean;
  errored?: boolean;
  slowSeconds?: number;
  sshNotReadySeconds?: number;
}

export interface Vpc {
  id: string;
  name: string;
  description: string;
  region: string;
  /** As the user wrote it: the provider compares it as text. */
  ipRange: string;
  default: boolean;
  createdAt: string;
}

export interface VpcPeering {
  id: string;
  name: string;
  vpcIds: [string, string];
  status: "PROVISIONING" | "ACTIVE" | "DELETING";
  createdAt: string;
}

export type TaggedType = "droplets" | "volumes";

export interface Tag {
  /** The spelling it was first created with. */
  name: string;
  lastTagged: Partial<Record<TaggedType | "any", string>>;
}

/** Sources of an inbound rule or destinations of an outbound one. */
export interface FirewallPeers {
  addresses?: string[];
  tags?: string[];
  droplet_ids?: number[];
  load_balancer_uids?: string[];
  kubernetes_ids?: string[];
}

export interface FirewallRule {
  protocol: "tcp" | "udp" | "icmp";
  /** "0" is every port. */
  ports: string;
  peers: FirewallPeers;
}

export interface Firewall {
  id: string;
  name: string;
  inbound: FirewallRule[];
  outbound: FirewallRule[];
  dropletIds: number[];
  tags: string[];
  createdAt: string;
}

export interface Volume {
  id: string;
  name: string;
  description: string;
  region: string;
  sizeGigabytes: number;
  filesystemType: string;
  filesystemLabel: string;
  tags: string[];
  /** The droplet it is attached to. */
  dropletId?: number;
  createdAt: string;
}

export interface ReservedIp {
  ip: string;
  region: string;
  dropletId?: number;
}

export interface DomainRecord {
  id: number;
  type: string;
  name: string;
  data: string;
  priority: number | null;
  port: number | null;
  ttl: number;
  weight: number | null;
  flags: number | null;
  tag: string | null;
}

export interface Domain {
  name: string;
  ttl: number;
  records: DomainRecord[];
}

export interface Project {
  id: string;
  name: string;
  description: string;
  purpose: string;
  environment: string;
  isDefault: boolean;
  createdAt: string;
  updatedAt: string;
  /** When each resource was put into it, by URN. The default project also has all that is in no other. */
  assigned: Record<string, string>;
}

export interface Action {
  id: number;
  status: "in-progress" | "completed" | "errored";
  type: string;
  startedAt: string;
  completedAt: string | null;
  resourceType: "droplet" | "volume" | "reserved_ip";
  /** Droplet id as text, volume id, or reserved IP. */
  resource: string;
  region: string;
  /** The image of a rebuild, with which a restarted server continues. */
  imageId?: number;
}
