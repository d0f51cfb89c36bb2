import { mustAllVote } from "../declared-members";
import { MEMBERSHIP, type Operation } from "../operation";

const FIVE = ["lon1", "nyc3", "sgp1", "sfo3", "ams3"];
const THREE = FIVE.slice(0, 3);
const ONE = FIVE.slice(0, 1);

function change(name: string, from: readonly string[], to: readonly string[]): Operation {
  return {
    name,
    bars: MEMBERSHIP,
    possible: (stage) => stage.regions.join() === from.join(),
    perform: async (stage) => {
      const lines = await stage.deploy({ regions: [...to] });
      await mustAllVote(stage);
      return lines;
    },
  };
}

export const GROW_TO_FIVE = change("grow 3 to 5", THREE, FIVE);
export const SHRINK_TO_THREE = change("shrink 5 to 3", FIVE, THREE);
export const SHRINK_TO_ONE = change("shrink 3 to 1", THREE, ONE);
export const GROW_TO_THREE = change("grow 1 to 3", ONE, THREE);

const MOVED = ["lon1", "ams3", "sgp1"];
export const MOVE = change("location changed from New York to Amsterdam", THREE, MOVED);
export const MOVE_BACK = change("location changed from Amsterdam to New York", MOVED, THREE);
