import type { Case } from "./kernel";
import type { SocketRig } from "./rig";
import { Samples, type Table } from "./table";

const PORT = 5001;
const COLUMN = "200 MB, Mbit/s";

/** Throughput of plain TCP over the same path on one new connection: an upper limit for etcd. */
export async function throughput(rig: SocketRig, cases: readonly Case[], rounds: number): Promise<Table> {
  const samples = new Samples([COLUMN], rig.progress);
  const address = `${rig.far.host.address}:${PORT}`;
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of cases) {
      await rig.setKernels(one);
      const { sent } = await rig.transfer(
        rig.leader,
        rig.far,
        ["bulk-send", "-to", address],
        ["bulk-receive", "-listen", address],
      );
      samples.add(one.name, COLUMN, (sent as { mbps: number }).mbps);
    }
  }
  return samples.table("Plain TCP, London to Singapore");
}
