import type { DropletAnswer } from "../../../../../../lab/clouds/digitalocean/client";

/** What the tests look at in the API's answers; the answers hold more. */
export interface DropletView extends DropletAnswer {
  readonly locked: boolean;
  readonly disk: number;
  readonly features: readonly string[];
  readonly tags: readonly string[];
  readonly volume_ids: readonly string[];
  readonly vpc_uuid: string;
  readonly networks: DropletAnswer["networks"] & { readonly v6: readonly unknown[] };
  readonly next_backup_window: { readonly start: string };
}

export interface FirewallView {
  readonly id: string;
  readonly droplet_ids: readonly number[];
}

export interface VpcView {
  readonly id: string;
  readonly urn: string;
  readonly ip_range: string;
}

export interface VolumeView {
  readonly id: string;
  readonly region: { readonly slug: string };
  readonly droplet_ids: readonly number[];
  readonly size_gigabytes: number;
}

interface PeeringView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

export interface ActionView {
  readonly id: number;
  readonly status: string;
  readonly completed_at: string | null;
}

interface ImageView {
  readonly id: number;
  readonly slug: string;
}

interface TagView {
  readonly name: string;
  readonly resources: { readonly droplets: unknown };
}

export interface ProjectView {
  readonly id: string;
  readonly name: string;
  readonly is_default: boolean;
}

/** Each answer has a few of these; an error has the first three. */
export interface AnswerBody {
  readonly id: string;
  readonly message: string;
  readonly request_id: string;
  readonly meta: { readonly total: number };
  readonly links: {
    readonly pages: Readonly<Record<string, string>>;
    readonly actions: readonly { readonly id: number }[];
  };
  readonly account: unknown;
  readonly action: ActionView;
  readonly domain: { readonly zone_file: string };
  readonly domain_record: { readonly id: number; readonly data: string; readonly ttl: number };
  readonly droplet: DropletView;
  readonly droplets: readonly DropletView[];
  readonly firewall: FirewallView;
  readonly image: ImageView;
  readonly images: readonly ImageView[];
  readonly project: ProjectView;
  readonly resources: readonly { readonly urn: string; readonly status: string }[];
  readonly regions: readonly { readonly slug: string; readonly available: boolean }[];
  readonly reserved_ip: { readonly ip: string; readonly droplet: DropletView | null };
  readonly sizes: readonly unknown[];
  readonly ssh_key: { readonly id: number; readonly name: string; readonly public_key: string };
  readonly tag: TagView;
  readonly tags: readonly TagView[];
  readonly volume: VolumeView;
  readonly vpc: VpcView;
  readonly vpc_peering: PeeringView;
  readonly vpc_peerings: readonly PeeringView[];
}
