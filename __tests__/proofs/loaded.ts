import { mkdtempSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabHarness } from "../../proofs/harness";
import { Load, type LoadProps } from "../../proofs/operations/load";
import { CLIENT_LOCATIONS } from "../../proofs/operations/stage";
import { useCleanup } from "../cleanup";

/** A lab with a cluster, and clients on three continents that write and read all the time, for the tests of a file. */
export class Loaded {
  public readonly harness = new LabHarness();
  /** Gone at the end. */
  public readonly directory = mkdtempSync(path.join(os.tmpdir(), "cdktf-etcd-loaded-"));
  private started?: Load;

  public get load(): Load {
    if (this.started === undefined) throw new Error("the load did not start");
    return this.started;
  }

  /** Starts the clients; returns what ends them. */
  public async start(props: Pick<LoadProps, "writesPerSecond">): Promise<() => Promise<void>> {
    const directory = path.join(this.directory, "load");
    const load = await Load.start({ lab: this.harness.lab, locations: CLIENT_LOCATIONS, directory, ...props });
    this.started = load;
    return () => load.stop();
  }
}

/**
 * Boots a lab, has a cluster deployed with clients at CLIENT_LOCATIONS, and starts these, before the tests of this file; takes all of
 * it down after them.
 */
export function useLoaded(
  props: Pick<LoadProps, "writesPerSecond">,
  deploy: (harness: LabHarness) => Promise<void>,
): Loaded {
  const loaded = new Loaded();
  const atEnd = useCleanup();
  beforeAll(async () => {
    atEnd(() => {
      rmSync(loaded.directory, { recursive: true, force: true });
    });
    atEnd(() => loaded.harness.down());
    await loaded.harness.up();
    await deploy(loaded.harness);
    atEnd(await loaded.start(props));
  }, 900_000);
  return loaded;
}
