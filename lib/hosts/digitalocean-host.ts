import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { Lazy, TerraformResource, Token } from "cdktf";
import { Construct } from "constructs";
import { sshdSettings } from "../node/ssh-access-part";
import { Templates } from "../terraform/templates";
import { TerraformData } from "../terraform/terraform-data";
import { ValidationError } from "../validation-error";
import { requireDnsLabel, requireInteger } from "../validation";
import { Region } from "../wan";
import { DigitalOceanHostGroup, DigitalOceanHostGroupProps } from "./digitalocean-host-group";
import { dropletSize } from "./digitalocean-sizes";
import { Architecture, BootDownload, IEtcdHost, SshConnection } from "../etcd-host";
import { opensshKeyPair } from "./openssh-key-pair";

/** The images that the node scripts are written for and tested with. */
const IMAGES = ["debian-13-x64", "debian-12-x64", "ubuntu-24-04-x64", "ubuntu-22-04-x64"];

/** The user that deploys log in as. */
const USER = "root";

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
   * More tags for the machines, beside the group's.
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

/** A DigitalOcean droplet that an etcd member runs on. */
export class DigitalOceanHost extends Construct implements IEtcdHost {
  /**
   * One machine per entry of `regions`, and the group that they share. A region may be listed several times; its second
   * machine is then named `etcd-lon1-2`, and so on.
   *
   * @throws ValidationError for an unknown region, a malformed CIDR, an unknown image, a /0 in `sshFrom` without
   * `allowSshFromAnywhere`
   */
  public static inRegions(scope: Construct, regions: string[], props: DigitalOceanHostsProps): DigitalOceanHost[] {
    const group = new DigitalOceanHostGroup(scope, "hosts", props);
    const seen = new Map<string, number>();
    return regions.map((region) => {
      const count = (seen.get(region) ?? 0) + 1;
      seen.set(region, count);
      const suffix = count === 1 ? region : `${region}-${count}`;
      return new DigitalOceanHost(group, suffix, {
        group,
        region,
        hostName: `${group.namePrefix}-${suffix}`,
        image: props.image,
        imageFamily: props.imageFamily,
        size: props.size,
        monitoring: props.monitoring,
        tags: props.tags,
        generation: props.generation,
        bootTimeoutSeconds: props.bootTimeoutSeconds,
        vpcId: props.vpcIds?.[region],
      });
    });
  }

  public readonly hostName: string;
  public readonly location: string;
  public readonly publicAddress: string;
  public readonly privateAddress?: string;
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
    this.location = Region.of(props.region).slug;
    this.hostName = props.hostName ?? `${props.group.namePrefix}-${props.region}`;
    requireDnsLabel("hostName", this.hostName);
    const timeoutSeconds = props.bootTimeoutSeconds ?? 300;
    requireInteger("bootTimeoutSeconds", timeoutSeconds, 30, 3600, "seconds");
    const image = requireImage(props.image ?? "debian-13-x64", props.imageFamily);
    const size = props.size ?? "s-2vcpu-2gb";
    const { memoryMiB, diskGiB } = dropletSize(size) ?? {};
    this.memoryMiB = memoryMiB;
    this.diskGiB = diskGiB;

    // Made before the machine, so that even the first connection is pinned to it.
    const hostKey = opensshKeyPair(new PrivateKey(this, "host-key", { algorithm: "ED25519" }));
    // A resize in place would power all machines off at once, so a new size makes new machines, which join one by one.
    const generation = new TerraformData(this, "generation", {
      // The machines of this name that existed when this record was made: see LostStateCheck.
      input: `\${${props.group._machinesAtStart.described(`d.name == ${JSON.stringify(this.hostName)}`)}}`,
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
            host_private_key: hostKey.privateKey,
            host_public_key: hostKey.publicKey,
            // All but the one that DigitalOcean puts there.
            authorized_keys: props.group._authorizedKeys.slice(1),
            sshd_config: sshdSettings(templates, { user: USER, hostKey: hostKey.publicKey }),
            get_etcd: templates.file("boot/get-etcd.sh"),
            downloads: this.downloads,
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
    this.addressesAtStart = props.group._machinesAtStart.addresses;
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

function requireImage(image: string, family?: string): string {
  if (family !== undefined) requireSlug("imageFamily", family);
  if (family === undefined) return requireSlug("image", image);
  if (Token.isUnresolved(image) || /^[1-9]\d*$/.test(image)) return image;
  throw new ValidationError({
    what: "image",
    given: `${JSON.stringify(image)} along with imageFamily`,
    expected: "the numeric id of a snapshot or of an image of your own",
    mend: 'copy the id from "doctl compute snapshot list", or leave imageFamily out',
  });
}

function requireSlug(what: string, image: string): string {
  if (!IMAGES.includes(image)) {
    throw new ValidationError({
      what,
      given: JSON.stringify(image),
      expected: `one of ${IMAGES.join(", ")}`,
      mend: "choose one of them: the node scripts rely on systemd, apt and cloud-init as these images have them; a snapshot's id needs imageFamily",
    });
  }
  return image;
}
