import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { type Api, type Outcome, type Workspace } from "../lab/clouds/digitalocean/provider/terraform-workspace";
import { haveStepsRunHere } from "./steps-here";
import { ClusterOrigin, DigitalOceanHost, EtcdCluster } from "../../lib";
import { Random } from "../../proofs/random";
import { useCleanup } from "../cleanup";
import { SSH_FROM } from "../synth";
import { serveWorkspace } from "./hosts/served-workspace";
import { NO_CHANGES } from "../../proofs/harness";

const REGIONS = ["lon1", "nyc3", "sgp1", "sfo3", "ams3"];
const EDITS = 40;
const MINUTES = 60_000;

/** What an edit may change. */
interface Declared {
  readonly regions: readonly string[];
  readonly generation: number;
  readonly founding: number;
  readonly survivor?: string;
  readonly preferred?: string;
  readonly quotaGiB: number;
}

const seed = Date.now() % 1_000_000;
const random = new Random(seed);
/** What came before a failure, so that it can be understood. */
const history: string[] = [`seed ${seed}`];
const atEnd = useCleanup();
let api: Api;
let work: Workspace;
let access: string;

const FIRST: Declared = { regions: REGIONS.slice(0, 3), generation: 1, founding: 1, quotaGiB: 1 };

/** The cluster as it is, but its steps run here: they do nothing, or those on one machine fail. */
function declare(declared: Declared, failing?: string): Promise<void> {
  return work.synth((stack) => {
    new DigitaloceanProvider(stack, "digitalocean");
    new TlsProvider(stack, "tls");
    new LocalProvider(stack, "local");
    const { regions, generation, founding, survivor, preferred, quotaGiB } = declared;
    const cluster = new EtcdCluster(stack, "etcd", {
      hosts: DigitalOceanHost.inRegions(stack, [...regions], { sshFrom: SSH_FROM, generation }),
      origin:
        survivor === undefined
          ? ClusterOrigin.empty({ founding })
          : ClusterOrigin.fromSurvivor({ member: survivor, founding }),
      leader: preferred === undefined ? undefined : { preferred: [preferred] },
      settings: { quotaGiB },
      accessDirectory: access,
    });
    cluster.addClient("operator");
    haveStepsRunHere(cluster, failing);
  });
}

async function apply(declared: Declared, failing?: string): Promise<Outcome> {
  await declare(declared, failing);
  return work.apply();
}

function edited(declared: Declared): Declared {
  const { regions } = declared;
  switch (random.pick(["regions", "generation", "survivor", "preferred", "settings", "taken out"])) {
    case "regions": {
      const shuffled = REGIONS.map((region) => [random.next(), region] as const).sort(([a], [b]) => a - b);
      const chosen = shuffled.slice(0, random.pick([1, 3, 4, 5, 5])).map(([, region]) => region);
      return { ...declared, regions: chosen, survivor: undefined, preferred: undefined };
    }
    case "generation":
      return { ...declared, generation: declared.generation + 1 };
    case "survivor":
      return { ...declared, founding: declared.founding + 1, survivor: `etcd-${random.pick(regions)}` };
    case "preferred":
      return { ...declared, preferred: `etcd-${random.pick(regions)}` };
    case "settings":
      return { ...declared, quotaGiB: 3 - declared.quotaGiB };
    default:
      return { ...declared, survivor: undefined, preferred: undefined };
  }
}

const droplets = async (): Promise<number[]> => (await api.client.droplets()).map(({ id }) => id);

beforeAll(async () => {
  access = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-access-"));
  atEnd(() => {
    rmSync(access, { recursive: true });
  });
  ({ api, work } = await serveWorkspace(atEnd));
  await declare(FIRST);
  await work.init();
}, 10 * MINUTES);

describe("Terraform's order of things", () => {
  it(
    "is one whatever the edits, in whatever order, failed steps among them; and none that fails costs a machine",
    async () => {
      let declared = FIRST;
      for (let i = 0; i < EDITS; i += 1) {
        const failing = random.next() < 0.4 ? `etcd-${random.pick(declared.regions)}` : undefined;
        const before = i === 0 ? [] : await droplets();
        history.push(`${JSON.stringify(declared)}${failing === undefined ? "" : `, where ${failing} fails`}`);
        const { ok, output } = await apply(declared, failing);
        if (!ok) {
          // Any other error would be Terraform's own.
          expect([history, output]).toEqual([history, expect.stringContaining("local-exec provisioner error")]);
          const after = await droplets();
          expect([history, before.filter((id) => !after.includes(id))]).toEqual([history, []]);
        } else {
          expect([history, await droplets()]).toEqual([
            history,
            expect.objectContaining({ length: declared.regions.length }),
          ]);
        }
        declared = edited(declared);
      }
      expect((await apply(declared)).ok).toBe(true);
      expect((await work.plan()).output).toContain(NO_CHANGES);
    },
    20 * MINUTES,
  );
});
