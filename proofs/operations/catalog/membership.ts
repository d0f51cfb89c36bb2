import { mustAllVote } from "../declared-members";
import { MEMBERSHIP, NOTHING_FAILS, type Operation } from "../operation";

const FIVE = ["lon1", "nyc3", "sgp1", "sfo3", "ams3"];
const THREE = FIVE.slice(0, 3);
const ONE = FIVE.slice(0, 1);

function change(name: string, from: readonly string[], to: readonly string[], applySeconds: number): Operation {
  return {
    name,
    bars: MEMBERSHIP,
    applySeconds: () => applySeconds,
    possible: (stage) => stage.regions.join() === from.join(),
    perform: async (stage) => {
      const lines = await stage.deploy({ regions: [...to] });
      await mustAllVote(stage);
      return lines;
    },
  };
}

export const GROW_TO_FIVE = change("grow 3 to 5", THREE, FIVE, 45);
export const SHRINK_TO_THREE = change("shrink 5 to 3", FIVE, THREE, 30);
/** No limit on stalls: at the end, the only member restarts, and writes wait for that. */
export const SHRINK_TO_ONE: Operation = { ...change("shrink 3 to 1", THREE, ONE, 25), bars: [NOTHING_FAILS] };
export const GROW_TO_THREE = change("grow 1 to 3", ONE, THREE, 50);

const MOVED = ["lon1", "ams3", "sgp1"];
export const MOVE = change("location changed from New York to Amsterdam", THREE, MOVED, 50);
export const MOVE_BACK = change("location changed from Amsterdam to New York", MOVED, THREE, 50);
