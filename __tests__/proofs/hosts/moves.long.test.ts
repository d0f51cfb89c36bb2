import type { BareMachine } from "terraform-lab";
import { declareMixed } from "../../../proofs/apps/mixed-cluster";
import { NO_CHANGES, said } from "../../../proofs/harness";
import { MEMBERSHIP } from "../../../proofs/operations/operation";
import { CLIENT_LOCATIONS } from "../../../proofs/operations/stage";
import { judge } from "../judge";
import { useLoaded } from "../loaded";
import { MachinesOfOnesOwn } from "./machines-of-ones-own";

jest.setTimeout(900_000);

const REGIONS = ["lon1", "nyc3", "sgp1"];
/** At DigitalOcean by now. */
let droplets = [...REGIONS];
/** On machines of one's own by now, by the members' names. */
const own: Record<string, BareMachine> = {};
let machines: MachinesOfOnesOwn;

const declared = () => ({
  declare: declareMixed({
    droplets,
    machines: Object.fromEntries(Object.entries(own).map(([name, machine]) => [name, machines.host(machine)])),
    clientSites: CLIENT_LOCATIONS,
  }),
});

const loaded = useLoaded({ writesPerSecond: 9 }, async (harness) => {
  machines = await MachinesOfOnesOwn.of(harness);
  await harness.deploy({}, declared());
});

/** Deploys while clients write on; none of them may notice. Returns what the machines said. */
async function deploy(name: string): Promise<string[]> {
  let lines: string[] = [];
  const row = await loaded.load.during(name, async () => {
    lines = said(await loaded.harness.deploy({}, declared()));
  });
  judge(row, MEMBERSHIP);
  return lines;
}

// One story, in order.
describe("a cluster at DigitalOcean", () => {
  it.each(["sgp1", "nyc3", "lon1"])(
    "moves its member in %s to a machine of one's own there, by editing the list, with clients writing on",
    async (region) => {
      const name = `own-${region}`;
      own[name] = await machines.boot({ name, location: region, user: { name: "admin" } });
      droplets = droplets.filter((one) => one !== region);
      const lines = await deploy(`from etcd-${region} to ${name}`);
      expect(lines).toContainEqual(`${name}: caught up: promoted to a voting member`);
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`: removing etcd-${region} `)));
      const { stdout } = await machines.tried(own[name], "etcdctl member list && etcdctl endpoint health --cluster");
      for (const member of [...droplets.map((one) => `etcd-${one}`), ...Object.keys(own)])
        expect(stdout).toContain(`, started, ${member}, `);
    },
  );

  it("is then on machines of one's own alone, and nothing is left to change", async () => {
    expect(await loaded.harness.lab.api().droplets()).toEqual([]);
    expect((await loaded.harness.run("diff", {}, declared())).output).toContain(NO_CHANGES);
  });

  it("has lost no write, and was linearizable and in quorum all along", async () => {
    await loaded.load.finish();
  });
});
