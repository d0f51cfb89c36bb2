import { IEtcdHost } from "../etcd-host";
import { Tuning } from "../wan";
import { Adoption } from "./adoption";
import { Templates, TemplateValue } from "../terraform/templates";
import { asItIs, shellList, shellWord } from "../terraform/writers";

/** A joining member fetches the whole database: 8 GiB, etcd's largest, at 40 Mbit/s take about this long. */
const JOIN_BUDGET_SECONDS = 1800;

/** A member, as the steps of a rollout know it. */
export interface RolloutMember {
  readonly host: IEtcdHost;
  /** Address that clients reach it at. */
  readonly clientAddress: string;
  /** URL that clients reach it at. */
  readonly clientUrl: string;
  /** URL that its peers reach it at. */
  readonly peerUrl: string;
}

/** What the node scripts need to know of a rollout. */
export interface RolloutEnvProps {
  /** All members, including the one that the settings are for. */
  readonly members: readonly RolloutMember[];
  /** The genesis record, empty while it is made. */
  readonly genesis: TemplateValue;
  readonly adoption: Adoption;
  readonly tuning: Tuning;
}

/** Settings of a rollout for the node scripts of one member. */
export function rolloutEnv(templates: Templates, member: RolloutMember, props: RolloutEnvProps): string {
  const { members, genesis, adoption, tuning } = props;
  const others = members.filter((one) => one !== member);
  const byName = [...members].sort((a, b) => (a.host.hostName < b.host.hostName ? -1 : 1));
  return templates.render("rollout/rollout.env.tftpl", {
    member: asItIs(member.host.hostName),
    machine_id: shellWord(member.host.machineId),
    peer_url: shellWord(member.peerUrl),
    addresses: members.map(({ clientAddress }) => asItIs(clientAddress)),
    addresses_at_start: (member.host.addressesAtStart ?? []).map(asItIs),
    other_client_urls: shellList([...others.map(({ clientUrl }) => clientUrl), ...adoption.clientUrls]),
    other_peer_urls: shellList([...others.map(({ peerUrl }) => peerUrl), ...adoption.peerUrls]),
    declared: shellList(byName.map(({ host, clientUrl }) => `${host.hostName}=${clientUrl}`)),
    genesis,
    dial_seconds: Math.ceil(tuning.clientDialTimeoutMs / 1000),
    silence_seconds: tuning.silenceMs / 1000,
    health_budget_seconds: tuning.rolloutHealthWaitMs / 1000,
    join_budget_seconds: JOIN_BUDGET_SECONDS,
  });
}
