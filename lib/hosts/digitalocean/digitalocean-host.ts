import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { sshdSettings } from "../../node/ssh-access-part";
import { inExpression } from "../../terraform/literal";
import { sayTheSameInHcl } from "../../terraform/hcl-form";
import { DIGITAL_OCEAN_BLOCKS } from "./digitalocean-blocks";
import { Templates } from "../../terraform/templates";
import { TerraformData } from "../../terraform/terraform-data";
import { asItIs, shellWord, Written } from "../../terraform/writers";
import { ValidationError } from "../../validation-error";
import { checkedAt, constructId, read, required } from "../../validation";
import { checksOfLateParts, userData } from "../cloud-init-parts";
import { DigitalOceanHostGroup, HOST_GROUP } from "./digitalocean-host-group";
import {
  among,
  DEFAULT_BOOT_SECONDS,
  DEFAULT_IMAGE,
  DEFAULT_SIZE,
  DigitalOceanHostProps,
  DigitalOceanHostsProps,
  hostNameOf,
  MACHINE,
  requireHost,
  requireHosts,
  suffixesOf,
} from "./digitalocean-host-props";
import { dropletSize } from "./digitalocean-sizes";
import { Architecture, BOOT_DOWNLOAD, BootDownload, IEtcdHost } from "../../etcd-host";
import { SshConnection } from "../../ssh-connection";
import { OpensshKeyPair, opensshKeyPair } from "../openssh-key-pair";

/** The user that deploys log in as. */
const USER = "root";

/** Id of the group that {@link DigitalOceanHost.inRegions} makes: addresses in the state begin with it. */
const GROUP_ID = "hosts";

/** A DigitalOcean droplet that an etcd member runs on. */
export class DigitalOceanHost extends Construct implements IEtcdHost {
  /**
   * One machine per entry of `regions`, and the group that they share. A region may be listed several times; its second
   * machine is then named `etcd-lon1-2`, and so on.
   *
   * @throws ValidationError if it was called for the same scope before; for anything that can't work: an unknown region, a
   * malformed CIDR, an unknown image, the whole Internet in `sshFrom` without `allowSshFromAnywhere`
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
  public readonly publicAddress?: string;
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
    super(scope, constructId("DigitalOceanHost", id));
    sayTheSameInHcl(this, DIGITAL_OCEAN_BLOCKS);
    checkedAt(this, () => {
      requireHost(props);
    });
    this.location = props.region;
    this.hostName = hostNameOf(props);
    this.privateNetwork = props.vpcId === undefined ? `the default VPC of ${props.region}` : undefined;
    this.outboundPorts = [...props.group._outboundPorts];
    const {
      image = DEFAULT_IMAGE,
      size = DEFAULT_SIZE,
      bootTimeoutSeconds: timeoutSeconds = DEFAULT_BOOT_SECONDS,
      cloudInitParts: parts = [],
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
    const checks = checksOfLateParts("cloudInitParts", parts);
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
      userData: userData(this, () => this.ownPart(templates, hostKey, props.group), parts),
      timeouts: { create: `${timeoutSeconds}s` },
      dependsOn: [props.group._lostState, ...props.group._loginKeys.madeFirst],
      lifecycle: {
        createBeforeDestroy: true,
        // An edit of these must not replace every machine at once. A machine that is made gets their present values.
        ignoreChanges: ["user_data", "image", "ssh_keys", "size", "monitoring", "vpc_uuid"],
        // Terraform wants a bare address here, and CDKTF would render a reference as an expression.
        replaceTriggeredBy: [`${generation.terraformResourceType}.${generation.friendlyUniqueId}`],
        ...(checks.length > 0 ? { precondition: checks } : {}),
      },
    });
    props.group._include(this.droplet);
    const address = this.droplet.ipv4Address;
    this.publicAddress = address;
    this.privateAddress = this.droplet.ipv4AddressPrivate;
    this.machineId = this.droplet.id;
    this.madeWhenReady = props.group._loginKeys.madeWhenReady;
    this.addressesAtStart = props.group._machinesAtStart.addressesFor(this);
    props.group._machinesAtStart.include(this);
    this.connection = {
      host: address,
      user: USER,
      privateKey: props.group._loginKeys.current.privateKey,
      hostKeys: [hostKey.publicKey],
      authorizedKeys: props.group._authorizedKeys,
      timeoutSeconds,
    };
  }

  public downloadAtBoot(download: BootDownload): void {
    checkedAt(this, () => {
      read("download", download, required(BOOT_DOWNLOAD));
    });
    this.downloads.push(download);
  }

  /** What cloud-init does for the library, as far as it is known when the stack is written. */
  private ownPart(templates: Templates, hostKey: OpensshKeyPair, group: DigitalOceanHostGroup): Written {
    return templates.render("boot/cloud-init.yaml.tftpl", {
      host_private_key: asItIs(hostKey.privateKey),
      host_public_key: asItIs(hostKey.publicKey),
      // All but the one that DigitalOcean puts there.
      authorized_keys: group._authorizedKeys.slice(1).map(asItIs),
      sshd_config: sshdSettings(templates, { user: USER, hostKeys: [hostKey.publicKey] }),
      get_etcd: templates.file("boot/get-etcd.sh"),
      downloads: this.downloads.map(({ version, sha256, url }) => ({
        version: shellWord(version),
        sha256: shellWord(sha256),
        url: shellWord(url),
      })),
    });
  }
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
