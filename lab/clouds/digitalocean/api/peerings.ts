import type { VpcPeering } from "./model";
import type { Store } from "./store";
import { pause } from "./waiting";

/** Completes the creation or deletion of a peering after so many seconds. */
export function settlePeering(store: Store, peering: VpcPeering, seconds: number): void {
  const from = peering.status;
  void (async () => {
    await pause(seconds * 1000);
    // Deleted during its creation: another call completes the deletion.
    if (peering.status !== from) return;
    if (from === "PROVISIONING") peering.status = "ACTIVE";
    if (from === "DELETING") store.state.peerings = store.state.peerings.filter((one) => one !== peering);
    store.changed();
    // If this fails (a full disk, say), the next change reports it; a restarted server starts this wait again.
    await store.flush().catch(() => undefined);
  })();
}
