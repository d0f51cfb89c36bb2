import { newUuid, timestamp } from "./ids";
import { allocateVpcRange } from "./ipam";
import type { State, Vpc } from "./model";

/** The VPC of droplets that name none; created with the first of them. */
export function defaultVpc(state: State, region: string): Vpc {
  const existing = state.vpcs.find((vpc) => vpc.region === region && vpc.default);
  if (existing) return existing;
  let name = `default-${region}`;
  while (state.vpcs.some((vpc) => vpc.name === name)) name += "-1";
  const vpc: Vpc = {
    id: newUuid(),
    name,
    description: "",
    region,
    ipRange: allocateVpcRange(state),
    default: true,
    createdAt: timestamp(),
  };
  state.vpcs.push(vpc);
  return vpc;
}
