import type { Attachment } from "./protocol";

/** The network of all addresses of the lab. It is reserved for benchmarks (RFC 2544), so it is used nowhere else. */
export const LAB_NETWORK = "198.18.0.0/15";

/** The location of the operator, who runs Terraform: this host, at OPERATOR_ADDRESS. */
export const OPERATOR = "operator";
export const OPERATOR_ADDRESS = "198.18.0.1";
/** The operator's device. */
const OPERATOR_DEVICE = "lab0";

/**
 * The location of the lab's mirrors, at MIRROR_ADDRESS. It is near all others, as real mirrors have caches in every
 * region.
 */
export const MIRROR = "mirror";
export const MIRROR_ADDRESS = "198.18.0.2";
/** Where the mirror serves the files of the lab's owner; see LabDefinition.supplies. */
export const MIRRORED_FILES = `http://${MIRROR_ADDRESS}/files/`;

/** The endpoint where the operator and the mirrors are. */
export function operatorAttachment(mirrorPorts: readonly number[]): Attachment {
  return {
    id: OPERATOR,
    device: OPERATOR_DEVICE,
    location: OPERATOR,
    addresses: [
      // No machine needs to open connections to the operator.
      { ip: OPERATOR_ADDRESS, tcpPorts: [] },
      { ip: MIRROR_ADDRESS, location: MIRROR, tcpPorts: mirrorPorts },
    ],
    assigned: [`${OPERATOR_ADDRESS}/15`, `${MIRROR_ADDRESS}/32`],
  };
}
