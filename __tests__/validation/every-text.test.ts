import * as path from "node:path";
import { Construct } from "constructs";
import { TerraformOutput, TerraformStack } from "cdktf";
import * as lib from "../../lib";
import { FOREIGN_HOST } from "../synth";
import { scratchDirectory } from "../templates/render";
import { evaluateStack } from "../terraform/evaluate-stack";
import { EVERY_TEXT, Interfaces } from "./every-text";

/** What is given to the texts of an interface. */
function textsOf<Name extends keyof Interfaces>(name: Name, ...without: string[]) {
  const rows = Object.entries<{ readonly given: unknown }>(EVERY_TEXT[name]).filter(
    ([prop]) => !without.includes(prop),
  );
  return Object.fromEntries(rows.map(([prop, { given }]) => [prop, given])) as Pick<
    Interfaces[Name],
    keyof (typeof EVERY_TEXT)[Name] & keyof Interfaces[Name]
  >;
}

/** A machine of somebody else's making. */
class ForeignHost extends Construct {
  public constructor(scope: Construct, props: object = {}) {
    super(scope, "vm");
    Object.assign(this, FOREIGN_HOST, props);
  }
}

const foreign = (scope: Construct, props: object = {}): lib.IEtcdHost[] => [
  new ForeignHost(scope, props) as unknown as lib.IEtcdHost,
];

/** All that takes a text, given all of them. */
function everyText(stack: TerraformStack): void {
  onDroplets(new Construct(stack, "main"));
  onOneDroplet(new Construct(stack, "alone"));
  onForeignHost(new Construct(stack, "foreign"));
  const existing = new Construct(stack, "existing");
  new lib.EtcdCluster(existing, "etcd", {
    hosts: [new lib.ExistingHost(existing, "vm", { ...textsOf("ExistingHostProps"), agent: true })],
    outputPrefix: "existing",
    accessDirectory: "/existing",
  });
  const adopting = new Construct(stack, "adopting");
  new lib.EtcdCluster(adopting, "etcd", {
    hosts: foreign(adopting),
    origin: lib.ClusterOrigin.takeOver(textsOf("TakeoverOriginProps")),
    outputPrefix: "adopting",
  });
  const other = lib.EtcdCluster.fromAttributes(stack, "other", textsOf("EtcdClusterAttributes"));
  other.writeClientFiles(textsOf("EtcdClientFilesProps"));
  new TerraformOutput(stack, "endpoints", { value: other.endpoints, staticId: true });
}

function onDroplets(scope: Construct): void {
  const hosts = lib.DigitalOceanHost.inRegions(scope, ["lon1", "nyc3"], {
    ...textsOf("DigitalOceanHostGroupProps"),
    ...textsOf("DigitalOceanMachineProps"),
    ...textsOf("DigitalOceanHostsProps"),
    clientSources: textsOf("DigitalOceanSourcesProps"),
  });
  const cluster = new lib.EtcdCluster(scope, "etcd", {
    hosts,
    ...textsOf("EtcdClusterProps"),
    version: lib.EtcdVersion.of("3.6.99", textsOf("EtcdChecksums")),
    download: textsOf("EtcdDownloadProps"),
    settings: textsOf("EtcdSettingsProps"),
    pki: textsOf("PkiProps"),
    leader: textsOf("LeaderPlacementProps"),
    clientLocations: [{ location: "lon1" }, textsOf("ClientLocation")],
    backup: { storage: textsOf("EtcdBackupStorageProps") },
    origin: lib.ClusterOrigin.fromBackup(textsOf("BackupOriginProps")),
  });
  cluster
    .addClient(EVERY_TEXT.EtcdClientFilesProps.clientName.given)
    .writeKubeApiserverFlags(textsOf("KubeApiserverFlagsProps"));
  cluster.writeAlertRules(textsOf("EtcdAlertRulesProps"));
}

function onOneDroplet(scope: Construct): void {
  const group = new lib.DigitalOceanHostGroup(scope, "group", { sshFrom: ["198.51.100.7/32"], namePrefix: "alone" });
  const host = new lib.DigitalOceanHost(scope, "host", {
    group,
    ...textsOf("DigitalOceanHostProps"),
    cloudInitParts: [{ contentType: lib.CloudInitPartType.SHELL_SCRIPT, ...textsOf("CloudInitPart") }],
  });
  host.downloadAtBoot(textsOf("BootDownload"));
}

function onForeignHost(scope: Construct): void {
  const region = new lib.Region({
    ...textsOf("RegionProps"),
    continent: lib.Continent.EUROPE,
    latitude: 1,
    longitude: 2,
  });
  const roundTripTimes = lib.RoundTripTimes.of([{ ...textsOf("RoundTripTimePair"), p50: 7 }], {
    ...textsOf("RoundTripTimesOptions"),
    regions: [region],
  });
  const cluster = new lib.EtcdCluster(scope, "etcd", {
    hosts: foreign(scope, {
      ...textsOf("IEtcdHost"),
      architecture: lib.Architecture.ARM64,
      connection: {
        ...textsOf("SshConnection"),
        privateKey: EVERY_TEXT.SshLogin.privateKey.given,
        bastion: { ...textsOf("SshBastion"), privateKeyFile: EVERY_TEXT.SshLogin.privateKeyFile.given },
      },
    }),
    version: lib.EtcdVersion.of("3.6.99", textsOf("EtcdChecksums")),
    roundTripTimes,
    clientLocations: [{ location: EVERY_TEXT.RoundTripTimePair.b.given }],
    outputPrefix: "foreign",
    accessDirectory: "/foreign",
    authorization: true,
    pki: { ownClientAuthorities: [{ generation: 1, ...textsOf("OwnAuthorityProps") }] },
    origin: lib.ClusterOrigin.fromSurvivor({ ...textsOf("SurvivorOriginProps"), founding: 2 }),
  });
  cluster.addClient(EVERY_TEXT.EtcdClientFilesProps.clientName.given, {
    ...textsOf("EtcdClientAccessProps"),
    ...textsOf("EtcdPermissionProps"),
  });
  cluster.addClient("requested", { administrator: true, ...textsOf("EtcdClientProps") });
}

jest.setTimeout(120_000);

describe("every text that a user can give, worked out by Terraform", () => {
  const printed = (["log", "warn", "error"] as const).map((method) => jest.spyOn(console, method).mockReturnValue());
  const stack = evaluateStack(path.join(scratchDirectory(), "stack"), everyText);
  const said = printed.flatMap(({ mock }) => mock.calls.map((call) => call.join(" "))).join("\n");
  for (const print of printed) print.mockRestore();

  const rows = Object.entries(EVERY_TEXT).flatMap(([name, props]) =>
    Object.entries(props as Record<string, { given: unknown; arrives?: (stack: unknown) => unknown }>).map(
      ([prop, row]) => ({ prop: `${name}.${prop}`, ...row }),
    ),
  );

  it.each(rows.filter(({ arrives }) => arrives !== undefined))("arrives to the byte: $prop", ({ given, arrives }) => {
    expect(arrives?.(stack)).toEqual(given);
  });

  const model = ["TuningProps", "QuorumModelProps", "PlacementSearchProps", "PlacementAdviceProps"];
  const read = rows.filter(({ prop, arrives }) => arrives === undefined && !model.includes(prop.split(".")[0]));

  it.each(read)("is nowhere in there, as the library alone reads it: $prop", ({ given }) => {
    expect(stack.json).not.toContain(JSON.stringify(given).slice(1, -1));
  });

  it("is printed nowhere on the way", () => {
    expect(said).not.toContain("(touch x)");
    expect(said).not.toContain("(id)");
  });
});
