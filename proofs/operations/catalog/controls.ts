import { setTimeout as sleep } from "node:timers/promises";
import { mustAllVote } from "../declared-members";
import { UNNOTICED, type Operation } from "../operation";
import { mustHave } from "../stage";

/** As long as a roll takes. */
const MINUTE_MS = 60_000;

/** What the longest write of a minute is when nothing is done at all: no operation can have less. */
export const NOTHING: Operation = {
  name: "nothing (for comparison)",
  bars: UNNOTICED,
  perform: async () => {
    await sleep(MINUTE_MS);
    return [];
  },
};

/** What the operator's own programs cost, which share the lab's processors with the members. */
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
