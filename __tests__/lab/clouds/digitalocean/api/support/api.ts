import { type Answer, LabApi } from "../../../../../../lab/clouds/digitalocean/client";
import {
  type ApiServer,
  type ApiServerOptions,
  createApiServer,
} from "../../../../../../lab/clouds/digitalocean/api/server";
import { Store } from "../../../../../../lab/clouds/digitalocean/api/store";
import { VirtualMachineDriver } from "../../../../../../lab/clouds/digitalocean/api/virtual-machine-driver";
import { waitFor } from "../../../../../../lab/tools/wait";
import type { AnswerBody, DropletView } from "./answers";
import { openApi } from "./openapi";

export const TOKEN = "lab-token";

export interface RunningApi {
  readonly url: string;
  /** With the right token. */
  readonly client: LabApi;
  readonly store: Store;
  readonly driver: VirtualMachineDriver;
  readonly server: ApiServer;
  /** Has the client call; the answer is judged. */
  call(method: string, path: string, body?: unknown): Promise<Answer & { readonly body: AnswerBody }>;
  close(): Promise<void>;
}

export async function startApi(options: Partial<ApiServerOptions> = {}): Promise<RunningApi> {
  const store = options.store ?? Store.inMemory();
  const driver = new VirtualMachineDriver(0);
  const deviations: string[] = [];
  const judge = (): void => {
    if (deviations.length > 0) {
      throw new Error(`Not as DigitalOcean's OpenAPI document has it:\n${deviations.splice(0).join("\n")}`);
    }
  };
  const server = createApiServer({
    watch: (answer) => {
      const deviation = openApi?.deviation(answer);
      if (deviation !== undefined) deviations.push(deviation);
    },
    store,
    driver,
    tokens: [TOKEN],
    peeringSeconds: 0.02,
    reconcileSeconds: 0,
    ...options,
  });
  const url = await server.listen(0);
  const client = new LabApi(url, options.tokens?.[0] ?? TOKEN);
  return {
    url,
    client,
    store,
    driver,
    server,
    async call(method, path, body) {
      const answer = await client.call(method, path, body);
      judge();
      return answer as Answer & { readonly body: AnswerBody };
    },
    async close() {
      await server.close();
      judge();
    },
  };
}

export const DROPLET = { name: "web-1", region: "lon1", size: "s-1vcpu-1gb", image: "debian-13-x64" };

/** Creates a droplet and waits until it is active. */
export async function activeDroplet(api: RunningApi, changes: Record<string, unknown> = {}): Promise<DropletView> {
  const created = await api.call("POST", "/v2/droplets", { ...DROPLET, ...changes });
  if (created.status !== 202) throw new Error(`droplet not created: ${created.body.message}`);
  return dropletWith(api, created.body.droplet.id, (droplet) => droplet.status === "active");
}

export async function dropletWith(
  api: RunningApi,
  id: number,
  wanted: (droplet: DropletView) => boolean,
): Promise<DropletView> {
  let last: DropletView | undefined;
  await eventually(`droplet ${id} being as wanted`, async () => {
    last = (await api.call("GET", `/v2/droplets/${id}`)).body.droplet;
    return wanted(last);
  });
  if (last === undefined) throw new Error(`droplet ${id} was never seen`);
  return last;
}

export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  await waitFor(what, condition, 3, 5);
}

/** Real keys that open nothing: their private halves were thrown away. */
export const KEYS = {
  ed25519: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII/GUM3I/1yfBBsee/pmIj5sWmKeImPyQd37ICXBDiB3 ed25519@test",
  rsa: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCpgXcdOQDHOEO5lXUIInYgXhOvgJiDzcMhn3tQo4SaKidEam1PQpM/idhlb8aOEqYCQTf5it2CrNn8f/MoCO75jPurbibMa604Wr1oRvDOFRlCBnkZHyCOhc9lYb1GmO4wKDNGY/cy7ew+D7dGiuXykWe6tyXbLb/kop50cYI4rbU2dSNMJoF3wMk95fiLckjHTeDArhReEVOp8r8brtJvp2lzJzut8KTPC/+3CEoWtnYDOV6rr0aLdnHYMcFlg5Aaxhh3PNW5Ic+mQAU6CNB5A1vrD86snkOksz7x2AZ6JdOd4JGT3m92x6PZ/jsFTobMgJGj6kcW/WfTMKyetridyGdIuhdbLfJKXusW0h0jE1CE8i05q1FWnGViLyDt1NtJvEFP/dhvAp/e0w97r7Euu5wFM7/Wmo0kpreuPoqXS/O7gHOnwIjlmjXgabG6z/eXKUYQIr+5W+d5QPTgJG9aCbdjT1q+eNIA0+bYjz6Ri5+QiQA5sBA7X9pAKJqNHp0= rsa@test",
  ecdsa:
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDPJkkdZ0u/ZDrPC3EqyR3Tv+khgPmePDhqlJ1Jgfpuau5U9eKEimUvCJhGbytAqvwU1L0FrJje+ga1JwVDItGc= ecdsa@test",
} as const;

export const FINGERPRINTS = {
  ed25519: "7c:86:bb:37:d1:3f:35:f2:51:24:ba:ff:57:79:49:1c",
  rsa: "2c:8f:cc:78:c4:41:2d:92:5d:38:25:27:0c:4e:40:be",
  ecdsa: "c1:61:a7:dc:00:ce:9d:6f:9a:2a:56:b4:d4:fe:b1:4b",
} as const;
