// The messages between the client and the switch; see switch/protocol.go and switch/links.go.

/** The properties of the link between two locations. */
export interface LinkSettings {
  /** Round-trip time; each direction takes half. */
  readonly rttMs?: number;
  /**
   * Mean extra delay of a round trip, half of it in each direction. Each direction draws an extra delay from an exponential
   * distribution, cut off at eight times its mean, and keeps it for twice its mean, like a queue on the path that fills and
   * drains. Packets between the same two addresses never overtake each other.
   */
  readonly jitterMs?: number;
  /** Per cent of packets lost in each direction, independently of each other. */
  readonly loss?: number;
  /** Megabits per second in each direction; 0 or absent means no limit. */
  readonly mbps?: number;
  /** Whether all packets are dropped. */
  readonly down?: boolean;
}

/** A pair of locations, in either order, and the settings of their link. */
export interface PairSettings extends LinkSettings {
  readonly a: string;
  readonly b: string;
}

/** An IPv4 address of an endpoint. */
export interface WanAddress {
  readonly ip: string;
  /** @default - the endpoint's */
  readonly location?: string;
  /** Prefix length of its private network, which is reachable only from within; absent or 0 means a public address. */
  readonly privatePrefix?: number;
  /**
   * Of an address in a private network: the address there to which packets to anywhere else go, and which may send it
   * packets from anywhere.
   * @default - nothing leaves the private network
   */
  readonly gateway?: string;
  /** The only ports to which TCP connections may be opened; absent means all. */
  readonly tcpPorts?: readonly number[];
}

/** An endpoint: a device in a network namespace. */
export interface Attachment {
  readonly id: string;
  /** Path of the network namespace that gets the device; absent means the switch's own. */
  readonly netns?: string;
  readonly device: string;
  readonly location: string;
  readonly addresses: readonly WanAddress[];
  /** CIDRs to route into the device. */
  readonly routes?: readonly string[];
  /** Addresses with prefix lengths to put on the device itself. */
  readonly assigned?: readonly string[];
}

/** The answer to "hello": identifies the switch. */
export interface WanHello {
  readonly pid: number;
  readonly build: string;
  /** How it is scheduled: "rr" (real time), "nice" (higher priority) or "none" (as anything else). */
  readonly scheduler: "rr" | "nice" | "none";
  /** Currently subtracted from each delay, to make up for the time that the switch and the kernel take. */
  readonly biasNs: number;
}

export interface WanEndpointStats {
  readonly id: string;
  readonly location: string;
  readonly device: string;
  readonly netns: string;
  readonly addresses: readonly string[];
  readonly isolated: boolean;
  /** Whether its device was removed by others. */
  readonly lost: boolean;
  readonly in: number;
  readonly inBytes: number;
  readonly out: number;
  readonly outBytes: number;
  /** Packets from or to this endpoint that were dropped, by reason. */
  readonly dropped: {
    readonly foreignSource: number;
    readonly unknownAddress: number;
    readonly privateNetwork: number;
    readonly refusedPort: number;
    readonly isolated: number;
    readonly writeError: number;
    readonly other: number;
  };
}

export interface WanLinkStats {
  readonly from: string;
  readonly to: string;
  readonly packets: number;
  readonly bytes: number;
  readonly lost: number;
  readonly cut: number;
  readonly overflow: number;
}

/** The answer to "stats". */
export interface WanStats {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly dropped: number;
  readonly inFlight: number;
  /** The most packets in flight at once, since the last call. */
  readonly peakInFlight: number;
  /** Packets delivered per second, since the last call. */
  readonly packetsPerSecond: number;
  /**
   * The latest delivery since the last call, in milliseconds after the packet was due. Such delays come from an overloaded
   * host: measurements in the lab are no more exact than this.
   */
  readonly worstLateMs: number;
  readonly endpoints: readonly WanEndpointStats[];
  readonly links: readonly WanLinkStats[];
}

/** The answer to "list". */
export interface WanList {
  readonly endpoints: readonly Attachment[];
  readonly isolated: readonly string[];
  readonly lost: readonly string[];
  /** The current settings of every pair; `changed` if they differ from the matrix. */
  readonly pairs: readonly (PairSettings & { readonly changed: boolean })[];
}

/** The switch refused a request, or did not answer it. */
export class WanError extends Error {
  constructor(
    /** "not-running", "timeout", "bad-request", "bad-value", "unknown-location", "not-attached", "address-taken", "device-taken", "no-namespace" or "system". */
    readonly code: string,
    message: string,
  ) {
    super(`WAN: ${message}`);
    this.name = "WanError";
  }
}
