import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { saveJournals } from "../recording/evidence";
import { clientAt } from "../apps/client-at";
import { mustAllVote } from "./declared-members";
import { HandMadeCluster } from "./hand-made-cluster";
import { Load } from "./load";
import type { OperationRow } from "./operation-row";
import { MEMBERSHIP, ROLL, type Bar } from "./operation";
import { CLIENT_LOCATIONS, type Stage } from "./stage";

/** The steps of an import, in order, by their names in docs/operations.md. */
export const IMPORT_STEPS = [
  "import: old members told whom to trust, by hand",
  "import: machines join",
  "import: old members leave",
  "import: old authority forgotten",
] as const;

const directoryOf = (stage: Stage): string => path.join(stage.directory, "import");

/**
 * Sets up a cluster by hand and imports it into the library, as docs/operations.md says, under one load. Clients start
 * with files for the old members, and move to the library's files once the new members exist.
 *
 * @param stage with nothing deployed
 * @param onRow called with each step's row and bars, once the whole history has been checked
 */
export async function importUnderLoad(
  stage: Stage,
  onRow: (row: OperationRow, bars: readonly Bar[]) => void,
): Promise<void> {
  const { harness } = stage;
  const begun = Date.now();
  const directory = directoryOf(stage);
  mkdirSync(directory);
  const old = await HandMadeCluster.setUp(harness, CLIENT_LOCATIONS);
  const importing = { origin: { takeOver: old.adoption }, peersFrom: old.peersFrom };
  // Makes machines and authorities and the clients' files, then fails as expected.
  await stage.deployFails(importing);
  const clients = CLIENT_LOCATIONS.map((location) => new MovingClient(stage, location));
  for (const client of clients) await client.useOldMembers(old);

  const [trusting, joining, leaving, forgetting] = IMPORT_STEPS;
  const load = await Load.start({
    lab: harness.lab,
    locations: CLIENT_LOCATIONS,
    directory,
    envFile: (location) => MovingClient.envFile(stage, location),
  });
  try {
    const rows: [OperationRow, readonly Bar[]][] = [];
    const authorities = harness.output("etcd_ca_certificate") + harness.output("etcd_peer_ca_certificate");
    rows.push([await load.during(trusting, () => old.trust(authorities)), []]);
    const join = async (): Promise<void> => {
      await stage.deploy(importing);
    };
    rows.push([await load.during(joining, join), MEMBERSHIP]);
    for (const client of clients) client.moveOver();
    const retire = async (): Promise<void> => {
      await stage.deploy({ origin: { takeOver: { ...old.adoption, retire: true } } });
      await old.remove();
      await mustAllVote(stage);
    };
    rows.push([await load.during(leaving, retire), MEMBERSHIP]);
    const forget = async (): Promise<void> => {
      await stage.deploy({ origin: undefined, peersFrom: undefined });
      await mustAllVote(stage);
    };
    rows.push([await load.during(forgetting, forget), ROLL]);
    await load.finish();
    for (const [row, bars] of rows) onRow(row, bars);
  } finally {
    await load.stop();
    await saveJournals(harness.lab.driver(), directory, begun);
  }
}

/** A client's files, first for the old cluster, then for the new one. */
class MovingClient {
  public static envFile(stage: Stage, location: string): string {
    return path.join(directoryOf(stage), clientAt(location), "etcd.env");
  }

  private readonly directory: string;
  /** Directory to which the library writes them. */
  private readonly written: string;

  public constructor(
    private readonly stage: Stage,
    private readonly location: string,
  ) {
    this.directory = path.dirname(MovingClient.envFile(stage, location));
    this.written = path.join(stage.harness.paths.access, clientAt(location));
    mkdirSync(this.directory);
  }

  /** Writes files that also trust the new members: a client that follows the members connects to them once they vote. */
  public async useOldMembers(old: HandMadeCluster): Promise<void> {
    const both = old.caPem + this.stage.harness.output("etcd_ca_certificate");
    writeFileSync(path.join(this.directory, "ca.crt"), both);
    await old.issueTo(clientAt(this.location), this.directory);
    this.writeEnv((text) => text.replace(/(?<=ETCDCTL_ENDPOINTS=').*(?=')/, old.clientUrls.join(",")));
  }

  public moveOver(): void {
    for (const file of ["ca.crt", "client.key", "client.crt"]) {
      const target = path.join(this.directory, file);
      cpSync(path.join(this.written, file), `${target}.new`);
      renameSync(`${target}.new`, target);
    }
    this.writeEnv((text) => text);
  }

  /** Writes etcd.env with the library's time limits and with the files of this directory. */
  private writeEnv(edit: (text: string) => string): void {
    const text = readFileSync(path.join(this.written, "etcd.env"), "utf8");
    const target = path.join(this.directory, "etcd.env");
    writeFileSync(`${target}.new`, edit(text.replaceAll(this.written, this.directory)));
    renameSync(`${target}.new`, target);
  }
}
