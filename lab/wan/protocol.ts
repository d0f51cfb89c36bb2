// The words between the client and the switch; see switch/protocol.go and switch/links.go.

/** How the way between two locations is. */
export interface LinkSettings {
  /** Round-trip time; each direction takes half. */
  readonly rttMs?: number;
  /**
   * Mean of what is added to the round trip, half of it in each direction. Each direction draws an extra delay from an exponential
   * distribution, cut off at eight times its mean, and keeps it for twice its mean, as a queue on the path that fills and drains would.
   * Packets between the same two addresses never overtake each other.
   */
  readonly jitterMs?: number;
  /** Per cent of the packets that are lost, independently of each other, in each direction. */
  readonly loss?: number;
  /** Megabits per second in each direction; 0 or absent means no limit. */
  readonly mbps?: number;
  /** Whether nothing passes. */
  readonly down?: boolean;
}

/** The same of two locations, in either order. */
export interface PairSettings extends LinkSettings {
  readonly a: string;
  readonly b: string;
}

/** An IPv4 address of an endpoint. */
export interface WanAddress {
  readonly ip: string;
  /** @default - the endpoint's */
  readonly location?: string;
  /** Prefix length of the private network it is in; absent or 0 means public. A private network is reachable only from within. */
  readonly privatePrefix?: number;
  /** The only ports on which TCP connections may be opened towards it; absent means all. */
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

/** The answer to "hello": which switch this is. */
export interface WanHello {
  readonly pid: number;
  readonly build: string;
  /** How it is scheduled: "rr" (real time), "nice" (higher priority) or "none" (as anything else). */
  readonly scheduler: "rr" | "nice" | "none";
  /** Taken off each delay at the moment, for what the switch and the kernel add. */
  readonly biasNs: number;
}

export interface WanEndpointStats {
  readonly id: string;
  readonly location: string;
  readonly device: string;
  readonly netns: string;
  readonly addresses: readonly string[];
  readonly isolated: boolean;
  /** Whether somebody else removed its device. */
  readonly lost: boolean;
  readonly in: number;
  readonly inBytes: number;
  readonly out: number;
  readonly outBytes: number;
  /** Packets that were not taken from, or not handed to, this endpoint. */
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
  /** Delivered per second, since the last call. */
  readonly packetsPerSecond: number;
  /**
   * The most milliseconds after it was due that a packet was delivered, since the last call. This machine makes these delays, when it has too
   * much to do: measurements in the lab are no more exact than that.
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
  /** Every pair as it is now; `changed` says that it differs from the matrix. */
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
