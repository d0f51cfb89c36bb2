import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Sites } from "terraform-lab";
import { ClientKind, LoadClient } from "../../../proofs/operations/load-client";
import { Observer } from "../../../proofs/operations/observer";

const PROPS = { location: "lon1", program: "workload", envFile: "etcd.env", directory: "/nowhere" };

/** A place where another program runs in a client's stead. */
function sitesWith(script: string): { sites: Sites; child: () => ChildProcess } {
  const children: ChildProcess[] = [];
  const start = (): ChildProcess => {
    children.push(spawn("sh", ["-c", script]));
    return children[0];
  };
  return { sites: { spawn: start } as unknown as Sites, child: () => children[0] };
}

describe.each([
  [
    "a client",
    (sites: Sites) => new LoadClient(sites, { ...PROPS, kind: ClientKind.NAIVE, prefix: "/load/", writesPerSecond: 1 }),
  ],
  ["an observer", (sites: Sites) => new Observer(sites, PROPS)],
])("%s", (_what, make) => {
  it("is not stopped in peace if it has ended by itself", async () => {
    const { sites, child } = sitesWith("exit 1");
    const made = make(sites);
    await once(child(), "exit");
    await expect(made.stop()).rejects.toThrow(/ ended by itself; see \/nowhere\//);
  });

  it("is not stopped in peace if it fails at that", async () => {
    const { sites, child } = sitesWith("trap 'kill $!; exit 1' TERM; sleep 60 & echo; wait");
    const made = make(sites);
    await once(child().stdout ?? child(), "data");
    await expect(made.stop()).rejects.toThrow(/ failed; see \/nowhere\//);
  });
});
