import type { Attachment } from "./protocol";

/** All of the lab's addresses: a network set aside for measuring networks (RFC 2544), used nowhere else. */
export const LAB_NETWORK = "198.18.0.0/15";

/** The location of whoever deploys. */
export const OPERATOR = "operator";
export const OPERATOR_ADDRESS = "198.18.0.1";
/** The operator's device. */
const OPERATOR_DEVICE = "lab0";

/** The location of the lab's mirrors: near everybody, as a real mirror has a cache in every region. */
export const MIRROR = "mirror";
export const MIRROR_ADDRESS = "198.18.0.2";

/** The endpoint where the operator and the mirrors are. */
export function operatorAttachment(mirrorPorts: readonly number[]): Attachment {
  return {
    id: OPERATOR,
    device: OPERATOR_DEVICE,
    location: OPERATOR,
    addresses: [
      // Nothing in the lab has a reason to open connections to the operator.
      { ip: OPERATOR_ADDRESS, tcpPorts: [] },
      { ip: MIRROR_ADDRESS, location: MIRROR, tcpPorts: mirrorPorts },
    ],
    assigned: [`${OPERATOR_ADDRESS}/15`, `${MIRROR_ADDRESS}/32`],
  };
}
