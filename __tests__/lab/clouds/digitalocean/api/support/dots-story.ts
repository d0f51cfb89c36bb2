/**
 * Run as a program of its own, because DigitalOcean's client for TypeScript is an ES module, which jest cannot load.
 * Goes through the life of a small deployment and prints what it saw as JSON.
 */

/** Just enough of the client's fluent types. */
interface Endpoint {
  get(config?: unknown): Promise<Seen>;
  post(body: unknown): Promise<Seen>;
  put(body: unknown): Promise<Seen>;
  delete(body?: unknown): Promise<unknown>;
}
type Seen = Readonly<Record<string, Item & readonly Item[]>>;
interface Item {
  readonly id: never;
  readonly name: string;
  readonly status: string;
  readonly uuid: never;
  readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}
interface Client {
  readonly v2: {
    readonly account: Endpoint & { readonly keys: Endpoint };
    readonly regions: Endpoint;
    readonly sizes: Endpoint;
    readonly images: Endpoint;
    readonly tags: Endpoint & { byTag_id(id: string): Endpoint };
    readonly vpcs: Endpoint & { byVpc_id(id: string): Endpoint };
    readonly firewalls: Endpoint & { byFirewall_id(id: string): Endpoint };
    readonly droplets: Endpoint & { byDroplet_id(id: number): Endpoint & { readonly actions: Endpoint } };
    readonly volumes: Endpoint & { byVolume_id(id: string): Endpoint };
  };
}
interface Dots {
  createDigitalOceanClient(adapter: unknown): Client;
  DigitalOceanApiKeyAuthenticationProvider: new (token: string) => unknown;
}
interface Kiota {
  FetchRequestAdapter: new (authentication: unknown) => {
    baseUrl: string;
    send(request: unknown): Promise<unknown>;
    sendPrimitive(request: unknown, kind: "ArrayBuffer", errors: undefined): Promise<ArrayBuffer | undefined>;
  };
}

async function main(): Promise<void> {
  const [url = "", token = "", publicKey = ""] = process.argv.slice(2);
  // Named by variables, so that the compiler does not read hundreds of generated files.
  const [dotsName, kiotaName] = ["@digitalocean/dots", "@microsoft/kiota-http-fetchlibrary"];
  const dots = (await import(dotsName)) as Dots;
  const kiota = (await import(kiotaName)) as Kiota;
  const adapter = new kiota.FetchRequestAdapter(new dots.DigitalOceanApiKeyAuthenticationProvider(token));
  adapter.baseUrl = url;
  // The client's generated readers do not fit the serialization library that is installed with it: both refuse any list
  // of texts. So the client makes and sends the requests, and the answers are read as plain JSON.
  adapter.send = async (request) => {
    const bytes = await adapter.sendPrimitive(request, "ArrayBuffer", undefined);
    return bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as unknown);
  };
  const { v2 } = dots.createDigitalOceanClient(adapter);

  const key = (await v2.account.keys.post({ name: "dots", publicKey }))["ssh_key"];
  const vpc = (await v2.vpcs.post({ name: "dots", region: "lon1", ipRange: "10.7.0.0/24" }))["vpc"];
  await v2.tags.post({ name: "dots" });
  const firewall = (
    await v2.firewalls.post({
      name: "dots",
      tags: ["dots"],
      inboundRules: [{ protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0"] } }],
    })
  )["firewall"];
  const created = await v2.droplets.post({
    name: "dots-1",
    region: "lon1",
    size: "s-1vcpu-1gb",
    image: "debian-13-x64",
    sshKeys: [key.id],
    tags: ["dots"],
    vpcUuid: vpc.id,
  });
  const { id } = created["droplet"];
  const endpoint = v2.droplets.byDroplet_id(id);
  let droplet = (await endpoint.get())["droplet"];
  for (let looks = 0; looks < 200 && droplet.status !== "active"; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    droplet = (await endpoint.get())["droplet"];
  }
  const action = (await endpoint.actions.post({ type: "rename", name: "dots-2" }))["action"];
  const renamed = (await endpoint.get())["droplet"];
  const volume = (await v2.volumes.post({ region: "lon1", name: "dots", sizeGigabytes: 1 }))["volume"];
  const listed = await v2.droplets.get({ queryParameters: { tagName: "dots", perPage: 200 } });
  const unknown = await v2.droplets
    .byDroplet_id(1)
    .get()
    .then(
      () => "found",
      (error: unknown) => (error as { responseStatusCode?: number }).responseStatusCode,
    );
  await v2.firewalls.byFirewall_id(firewall.id).delete();
  await endpoint.delete();
  await v2.volumes.byVolume_id(volume.id).delete();
  console.log(
    JSON.stringify({
      account: (await v2.account.get())["account"].status,
      regions: (await v2.regions.get())["regions"].length,
      sizes: (await v2.sizes.get())["sizes"].length,
      images: (await v2.images.get())["images"].length,
      addresses: droplet.networks.v4.map((entry) => [entry.type, entry.ip_address]),
      status: droplet.status,
      action: action.status,
      renamed: renamed.name,
      listed: listed["droplets"].map((one) => one.name),
      firewall: firewall.status,
      unknown,
    }),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
