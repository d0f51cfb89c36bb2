import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { Lazy, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { sshdSettings } from "../node/ssh-access-part";
import { inExpression } from "../terraform/literal";
import { sayTheSameInHcl } from "../terraform/hcl-form";
import { Templates } from "../terraform/templates";
import { TerraformData } from "../terraform/terraform-data";
import { asItIs, shellWord } from "../terraform/writers";
import { ValidationError } from "../validation-error";
import {
  checkedAt,
  flag,
  instance,
  lateNumber,
  lateText,
  list,
  number,
  read,
  record,
  requireDnsLabel,
  requireInteger,
  required,
  shape,
  ShapeOf,
  shown,
  text,
} from "../validation";
import { DigitalOceanHostGroup, DigitalOceanHostGroupProps, HOST_GROUP } from "./digitalocean-host-group";
import { dropletSize } from "./digitalocean-sizes";
import { Architecture, BootDownload, IEtcdHost, SshConnection } from "../etcd-host";
import {
  requireGeneration,
  requireImage,
  requirePrefixOf,
  requireRegion,
  requireSize,
  requireTags,
  requireVpcId,
} from "./machine-rules";
import { opensshKeyPair } from "./openssh-key-pair";

/** The user that deploys log in as. */
const USER = "root";

/** Id of the group that {@link DigitalOceanHost.inRegions} makes: addresses in the state begin with it. */
const GROUP_ID = "hosts";

/** What a droplet is made of. */
export interface DigitalOceanMachineProps {
  /**
   * Image slug: debian-13-x64, debian-12-x64, ubuntu-24-04-x64 or ubuntu-22-04-x64; or the id of a snapshot or image of
   * your own, with `imageFamily`. Changing it replaces no machine unless `generation` changes too.
   * @default "debian-13-x64"
   */
  readonly image?: string;
  /**
   * What is in `image` where that is the numeric id of a snapshot or of an image of your own: the slug of the image that
   * it was made from. It has to have cloud-init, and nothing of an earlier member.
   * @default - `image` is a slug itself
   */
  readonly imageFamily?: string;
  /**
   * Size slug. A change replaces the machines, one after the other.
   * @default "s-2vcpu-2gb", the smallest size that etcd's guide would call fit for a small cluster
   */
  readonly size?: string;
  /**
   * Whether DigitalOcean's metrics agent is installed. Changing it replaces no machine unless `generation` changes too:
   * the agent is installed with the machine. On a running machine install or remove it by hand.
   * @default true
   */
  readonly monitoring?: boolean;
  /**
   * More tags for the machines, beside the group's: letters, digits, colons, dashes and underscores, up to 255 each.
   * @default - none
   */
  readonly tags?: string[];
  /**
   * Count up to have every machine replaced by a fresh one, one at a time: a new image, another VPC and the choice of
   * the metrics agent take effect that way.
   * @default 1
   */
  readonly generation?: number;
  /**
   * How long a machine may take to become active, and again to accept the login, in seconds; 30 to 3600.
   * @default 300: droplets take about a minute
   */
  readonly bootTimeoutSeconds?: number;
  /**
   * Whether machines may be made in ams2, nyc2 and sfo2, where DigitalOcean lets only those accounts make some that have
   * others there already.
   * @default false
   */
  readonly allowRestrictedRegions?: boolean;
}

/** Options of {@link DigitalOceanHost.inRegions}. */
export interface DigitalOceanHostsProps extends DigitalOceanHostGroupProps, DigitalOceanMachineProps {
  /**
   * Ids of the machines' VPCs, by region, for example `{ lon1: vpc.id }`. Changing one replaces no machine unless
   * `generation` changes too: a machine can't move.
   * @default - each region's default VPC
   */
  readonly vpcIds?: Record<string, string>;
}

/** One droplet for an etcd member. */
export interface DigitalOceanHostProps extends DigitalOceanMachineProps {
  /** The group that it belongs to: what it shares with the other machines of the cluster. */
  readonly group: DigitalOceanHostGroup;
  /** Region slug, for example "lon1". */
  readonly region: string;
  /**
   * Name of the machine and of the member on it: a DNS label.
   * @default - the group's prefix and the region, for example "etcd-lon1"
   */
  readonly hostName?: string;
  /**
   * Id of the machine's VPC. Changing it replaces no machine unless `generation` changes too: a machine can't move.
   * @default - the region's default VPC
   */
  readonly vpcId?: string;
}

/** A reader for each of {@link DigitalOceanMachineProps}. */
const MACHINE: ShapeOf<DigitalOceanMachineProps> = {
  image: lateText,
  imageFamily: text,
  size: lateText,
  monitoring: flag,
  tags: list(lateText),
  generation: lateNumber,
  bootTimeoutSeconds: number,
  allowRestrictedRegions: flag,
};

/** What {@link DigitalOceanHostsProps} are made of. */
const HOSTS = shape<DigitalOceanHostsProps>({ ...HOST_GROUP, ...MACHINE, vpcIds: record(lateText) });

/** What {@link DigitalOceanHostProps} are made of. */
const HOST = shape<DigitalOceanHostProps>({
  ...MACHINE,
  group: required(instance(DigitalOceanHostGroup, 'new DigitalOceanHostGroup(this, "hosts", { ... })')),
  region: required(text),
  hostName: text,
  vpcId: lateText,
});

/** Those of the props that a shape has a reader for. */
function among<T extends object>(readers: ShapeOf<T>, props: T): T {
  return Object.fromEntries(Object.entries(props).filter(([name]) => name in readers)) as T;
}

/** Each region, the second machine of one with a number: "lon1", "lon1-2". */
function suffixesOf(regions: readonly string[]): string[] {
  return regions.map((region, index) => {
    const count = regions.slice(0, index + 1).filter((other) => other === region).length;
    return count === 1 ? region : `${region}-${count}`;
  });
}

/** Throws unless machines can be made of this, before any is. */
function requireHosts(regions: string[], props: DigitalOceanHostsProps): void {
  read("regions", regions, required(list(text)));
  read("", props, required(HOSTS));
  requireMachine(props);
  for (const region of regions) requireRegion(region, props.allowRestrictedRegions ?? false);
  requireDnsLabel("namePrefix", props.namePrefix ?? "etcd");
  requirePrefixOf(props.namePrefix ?? "etcd", suffixesOf(regions));
  for (const [region, id] of Object.entries<string | undefined>(props.vpcIds ?? {})) {
    if (id !== undefined) requireVpcId(`vpcIds.${region}`, id);
  }
  const unused = Object.keys(props.vpcIds ?? {}).find((region) => !regions.includes(region));
  if (unused === undefined) return;
  throw new ValidationError({
    what: "vpcIds",
    given: `one for ${shown(unused)}`,
    expected: `VPCs by region, of ${regions.join(", ")}`,
    mend: "take it out, or correct the region",
  });
}

function requireMachine(props: DigitalOceanMachineProps): void {
  requireInteger("bootTimeoutSeconds", props.bootTimeoutSeconds ?? DEFAULT_BOOT_SECONDS, 30, 3600, "seconds");
  requireImage(props.image ?? DEFAULT_IMAGE, props.imageFamily);
  requireSize(props.size ?? DEFAULT_SIZE);
  requireTags(props.tags ?? []);
  requireGeneration(props.generation ?? 1);
}

const DEFAULT_IMAGE = "debian-13-x64";
const DEFAULT_SIZE = "s-2vcpu-2gb";
const DEFAULT_BOOT_SECONDS = 300;

/** A DigitalOcean droplet that an etcd member runs on. */
export class DigitalOceanHost extends Construct implements IEtcdHost {
  /**
   * One machine per entry of `regions`, and the group that they share. A region may be listed several times; its second
   * machine is then named `etcd-lon1-2`, and so on.
   *
   * @throws ValidationError if it was called for the same scope before; for anything that can't work: an unknown region, a malformed CIDR, an unknown image, the whole
   * Internet in `sshFrom` without `allowSshFromAnywhere`
   */
  public static inRegions(scope: Construct, regions: string[], props: DigitalOceanHostsProps): DigitalOceanHost[] {
    checkedAt(scope, () => {
      requireFirstOf(scope);
      requireHosts(regions, props);
    });
    const group = new DigitalOceanHostGroup(scope, GROUP_ID, among(HOST_GROUP, props));
    return suffixesOf(regions).map((suffix, index) => {
      const region = regions[index];
      const hostName = `${group.namePrefix}-${suffix}`;
      return new DigitalOceanHost(group, suffix, {
        ...among(MACHINE, props),
        group,
        region,
        hostName,
        vpcId: props.vpcIds?.[region],
      });
    });
  }

  public readonly hostName: string;
  public readonly location: string;
  public readonly publicAddress: string;
  public readonly privateAddress?: string;
  /** Its region's default VPC, which no other region's reaches, unless a VPC was chosen. */
  public readonly privateNetwork?: string;
  /** TCP ports of the world that the group's firewall lets it reach. */
  public readonly outboundPorts?: number[];
  public readonly machineId: string;
  public readonly architecture = Architecture.AMD64;
  public readonly memoryMiB?: number;
  public readonly diskGiB?: number;
  public readonly connection: SshConnection;
  public readonly addressesAtStart?: string[];
  public readonly madeWhenReady?: TerraformResource[];
  /** DigitalOcean's metrics agent reads there which droplet it runs on. */
  public readonly metadataReaders?: string[] = ["do-agent"];
  /** The droplet itself. */
  public readonly droplet: Droplet;
  private readonly downloads: BootDownload[] = [];

  /** @throws ValidationError for an unknown region or image, or a name that is no DNS label */
  public constructor(scope: Construct, id: string, props: DigitalOceanHostProps) {
    super(scope, id);
    sayTheSameInHcl(this);
    checkedAt(this, () => {
      read("", props, required(HOST));
      requireMachine(props);
      requireRegion(props.region, props.allowRestrictedRegions ?? false);
      requireDnsLabel("hostName", hostNameOf(props));
      if (props.vpcId !== undefined) requireVpcId("vpcId", props.vpcId);
    });
    this.location = props.region;
    this.hostName = hostNameOf(props);
    this.privateNetwork = props.vpcId === undefined ? `the default VPC of ${props.region}` : undefined;
    this.outboundPorts = [...props.group._outboundPorts];
    const {
      image = DEFAULT_IMAGE,
      size = DEFAULT_SIZE,
      bootTimeoutSeconds: timeoutSeconds = DEFAULT_BOOT_SECONDS,
    } = props;
    const { memoryMiB, diskGiB } = dropletSize(size) ?? {};
    this.memoryMiB = memoryMiB;
    this.diskGiB = diskGiB;

    // Made before the machine, so that even the first connection is pinned to it.
    const hostKey = opensshKeyPair(new PrivateKey(this, "host-key", { algorithm: "ED25519" }));
    // A resize in place would power all machines off at once, so a new size makes new machines, which join one by one.
    const generation = new TerraformData(this, "generation", {
      // The machines of this name that existed when this record was made: see LostStateCheck.
      input: `\${${props.group._machinesAtStart.described(`d.name == ${inExpression(this.hostName)}`)}}`,
      triggersReplace: { size, generation: props.generation ?? 1 },
      lifecycle: { ignoreChanges: ["input"] },
    });
    props.group._lostState.include(generation);
    const templates = Templates.of(this);
    this.droplet = new Droplet(this, "droplet", {
      provider: props.group._provider,
      name: this.hostName,
      region: this.location,
      image,
      size,
      monitoring: props.monitoring ?? true,
      sshKeys: [props.group.sshKey.id],
      tags: [props.group.tag.id, ...(props.tags ?? [])],
      ...(props.vpcId === undefined ? {} : { vpcUuid: props.vpcId }),
      userData: Lazy.stringValue({
        produce: () =>
          templates.render("boot/cloud-init.yaml.tftpl", {
            host_private_key: asItIs(hostKey.privateKey),
            host_public_key: asItIs(hostKey.publicKey),
            // All but the one that DigitalOcean puts there.
            authorized_keys: props.group._authorizedKeys.slice(1).map(asItIs),
            sshd_config: sshdSettings(templates, { user: USER, hostKey: hostKey.publicKey }),
            get_etcd: templates.file("boot/get-etcd.sh"),
            downloads: this.downloads.map(({ version, sha256, url }) => ({
              version: shellWord(version),
              sha256: shellWord(sha256),
              url: shellWord(url),
            })),
          }),
      }),
      timeouts: { create: `${timeoutSeconds}s` },
      dependsOn: [props.group._lostState, ...props.group._loginKeys.madeFirst],
      lifecycle: {
        createBeforeDestroy: true,
        // An edit of these must not replace every machine at once. A machine that is made gets their present values.
        ignoreChanges: ["user_data", "image", "ssh_keys", "size", "monitoring", "vpc_uuid"],
        // Terraform wants a bare address here, and CDKTF would render a reference as an expression.
        replaceTriggeredBy: [`${generation.terraformResourceType}.${generation.friendlyUniqueId}`],
      },
    });
    props.group._include(this.droplet);
    this.publicAddress = this.droplet.ipv4Address;
    this.privateAddress = this.droplet.ipv4AddressPrivate;
    this.machineId = this.droplet.id;
    this.madeWhenReady = props.group._loginKeys.madeWhenReady;
    this.addressesAtStart = props.group._machinesAtStart.addressesFor(this);
    props.group._machinesAtStart.include(this);
    this.connection = {
      host: this.publicAddress,
      user: USER,
      privateKey: props.group._loginKeys.current.privateKey,
      hostKey: hostKey.publicKey,
      authorizedKeys: props.group._authorizedKeys,
      timeoutSeconds,
    };
  }

  public downloadAtBoot(download: BootDownload): void {
    this.downloads.push(download);
  }
}

function hostNameOf({ group, hostName, region }: DigitalOceanHostProps): string {
  return hostName ?? `${group.namePrefix}-${region}`;
}

function requireFirstOf(scope: Construct): void {
  if (scope.node.tryFindChild(GROUP_ID) === undefined) return;
  throw new ValidationError({
    what: "DigitalOceanHost.inRegions",
    given: `${scope.node.path}, which has a construct ${JSON.stringify(GROUP_ID)} already`,
    expected: "a scope for each call: all that it makes lies in there under that name",
    mend: 'give it a scope of its own, for example new Construct(this, "events"), and a namePrefix; or share a DigitalOceanHostGroup',
  });
}
