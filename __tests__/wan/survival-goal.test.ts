import { QuorumModel, RoundTripTimes, SurvivalGoal, ValidationError } from "../../lib";
import { cluster, synth } from "../synth";

/** Why a cluster in these regions is refused; undefined if it is not. */
function refusal(survives: SurvivalGoal | undefined, regions: string[]): string | undefined {
  try {
    synth((stack) => cluster(stack, regions, { survives }));
    return undefined;
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.message.replace(" (in test/etcd)", "");
  }
}

const SPREAD = ["lon1", "nyc3", "sgp1", "sfo3", "ams3"];

describe("a survival goal", () => {
  it("is kept by members that are spread enough", () => {
    expect(refusal(SurvivalGoal.location(), ["lon1", "ams3", "fra1"])).toBeUndefined();
    expect(refusal(SurvivalGoal.continent(), ["lon1", "nyc3", "sgp1"])).toBeUndefined();
    expect(refusal(SurvivalGoal.twoLocations(), SPREAD)).toBeUndefined();
  });

  it.each([
    [
      "any location",
      SurvivalGoal.location(),
      ["lon1", "lon1", "nyc3"],
      "survives: given SurvivalGoal.location() with members in lon1, lon1 and nyc3: the cluster stops with the loss of lon1, expected a quorum, 2 of 3, after the loss of any one location; move a member in lon1 to ams3",
    ],
    [
      "any continent",
      SurvivalGoal.continent(),
      ["lon1", "ams3", "nyc3"],
      "survives: given SurvivalGoal.continent() with members in lon1, ams3 and nyc3: the cluster stops with the loss of Europe, expected a quorum, 2 of 3, after the loss of any one continent; move the member in ams3 to blr1",
    ],
    [
      "two locations",
      SurvivalGoal.twoLocations(),
      ["lon1", "nyc3", "sgp1"],
      "survives: given SurvivalGoal.twoLocations() with members in lon1, nyc3 and sgp1: the cluster stops with the loss of lon1 with nyc3, lon1 with sgp1 or nyc3 with sgp1, expected a quorum, 2 of 3, after the loss of any two locations; add members in ams3 and fra1",
    ],
    [
      "any location, of an even number",
      SurvivalGoal.location(),
      ["lon1", "nyc3"],
      "survives: given SurvivalGoal.location() with members in lon1 and nyc3: the cluster stops with the loss of lon1 or nyc3, expected a quorum, 2 of 2, after the loss of any one location; add a member in ams3",
    ],
    [
      "any location, of one member",
      SurvivalGoal.location(),
      ["lon1"],
      "survives: given SurvivalGoal.location() with one member, in lon1: the cluster stops with the loss of lon1, expected a quorum, 1 of 1, after the loss of any one location; add members in ams3 and atl1",
    ],
    [
      "two locations, of members that are too near, and too few",
      SurvivalGoal.twoLocations(),
      ["lon1", "lon1", "nyc3"],
      "survives: given SurvivalGoal.twoLocations() with members in lon1, lon1 and nyc3: the cluster stops with the loss of lon1 with nyc3, expected a quorum, 2 of 3, after the loss of any two locations; move a member in lon1 to ams3, and add members in atl1 and fra1",
    ],
  ])(
    "refuses members that can't outlive the loss of %s, and names the change that would",
    (_what, goal, regions, said) => {
      expect(refusal(goal, regions)).toBe(said);
    },
  );

  it("is asked of every edit: a shrink and a move that break it are refused, and without it are warned of", () => {
    const goal = SurvivalGoal.twoLocations();
    expect(refusal(goal, SPREAD)).toBeUndefined();
    expect(refusal(goal, SPREAD.slice(0, 3))).toMatch(/; add members in \w+ and \w+$/);
    expect(refusal(goal, ["lon1", "nyc3", "sgp1", "sfo3", "lon1"])).toMatch(
      /the loss of lon1 with nyc3.*; move a member in lon1 to \w+$/,
    );
    expect(refusal(undefined, SPREAD.slice(0, 3))).toBeUndefined();
  });

  it("names no place whose distances are unknown", () => {
    const roundTripTimes = RoundTripTimes.of([
      { a: "here", b: "there", p50: 20 },
      { a: "here", b: "yonder", p50: 40 },
    ]);
    const refuse = (): void => {
      SurvivalGoal.location()._require("survives", { roundTripTimes, memberLocations: ["here", "here", "there"] });
    };
    expect(refuse).toThrow(/; spread the members over more places, or ask for a goal that these can keep$/);
  });

  it("names a change that keeps it, wherever the members are", () => {
    const roundTripTimes = RoundTripTimes.digitalOcean();
    for (const regions of [
      ["lon1"],
      ["lon1", "lon1"],
      ["lon1", "lon1", "lon1"],
      ["sgp1", "sgp1", "sgp1", "sgp1", "blr1"],
    ]) {
      const said = refusal(SurvivalGoal.location(), regions) ?? "";
      const members = edited(regions, said.split("; ")[1]);
      expect([said, new QuorumModel({ roundTripTimes, memberLocations: members }).survivesLossOfAnyLocation()]).toEqual(
        [said, true],
      );
    }
  });
});

/** The members after the change that a refusal has named. */
function edited(regions: string[], change: string): string[] {
  const members = [...regions];
  const moved = /move (?:a|the) member in (\w+) to (\w+)/.exec(change);
  if (moved !== null) members[members.indexOf(moved[1])] = moved[2];
  const added = /add (?:a member|members) in (\w+)(?: and (\w+))?/.exec(change);
  return [...members, ...(added?.slice(1).filter(Boolean) ?? [])];
}
