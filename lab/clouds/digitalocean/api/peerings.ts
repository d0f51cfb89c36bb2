import type { VpcPeering } from "./model";
import type { Store } from "./store";
import { pause } from "./waiting";

/** Lets a peering that is coming come, and one that is going go, after so many seconds. */
export function settlePeering(store: Store, peering: VpcPeering, seconds: number): void {
  const from = peering.status;
  void (async () => {
    await pause(seconds * 1000);
    // A peering that was deleted while it came up is on its way out.
    if (peering.status !== from) return;
    if (from === "PROVISIONING") peering.status = "ACTIVE";
    if (from === "DELETING") store.state.peerings = store.state.peerings.filter((one) => one !== peering);
    store.changed();
    // Should the disk be full, the next change says so; a restarted server starts this wait again.
    await store.flush().catch(() => undefined);
  })();
}
