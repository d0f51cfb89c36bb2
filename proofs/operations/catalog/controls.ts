import { setTimeout as sleep } from "node:timers/promises";
import { mustAllVote } from "../declared-members";
import { UNNOTICED, type Operation } from "../operation";
import { mustHave } from "../stage";

/** About the duration of a roll. */
const MINUTE_MS = 60_000;

/** Does nothing for a minute: no operation can have a shorter longest write. */
export const NOTHING: Operation = {
  name: "nothing (for comparison)",
  bars: UNNOTICED,
  perform: async () => {
    await sleep(MINUTE_MS);
    return [];
  },
};

/** Shows the effect of the operator's programs alone, which share the lab's processors with the members. */
export const UNCHANGED: Operation = {
  name: "deploy without an edit",
  bars: UNNOTICED,
  perform: async (stage) => {
    const lines = await stage.deploy();
    mustHave("no machine is reached", lines.length === 0, lines);
    await mustAllVote(stage);
    return lines;
  },
};
