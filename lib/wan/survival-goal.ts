import { ValidationError } from "../validation-error";
import { cloudsOf, onePerMetro } from "./candidates";
import { enumeration } from "./enumeration";
import { QuorumModel, QuorumModelProps } from "./quorum";
import { quorumOf } from "./voting-members";

/** Which outages a cluster must outlive. A declaration whose members can't do that is refused, at every edit. */
export class SurvivalGoal {
  /** The loss of any one location, with all its members, leaves a quorum. */
  public static location(): SurvivalGoal {
    return new SurvivalGoal("SurvivalGoal.location()", "any one location", (model) =>
      model.locationsThatStopTheCluster().map((location) => [location]),
    );
  }

  /** The loss of any one continent leaves a quorum. */
  public static continent(): SurvivalGoal {
    return new SurvivalGoal("SurvivalGoal.continent()", "any one continent", (model) =>
      model.continentsThatStopTheCluster().map((continent) => [continent]),
    );
  }

  /** The loss of any two locations at once leaves a quorum: five members in five locations are the least that can. */
  public static twoLocations(): SurvivalGoal {
    return new SurvivalGoal("SurvivalGoal.twoLocations()", "any two locations", pairsThatStopTheCluster);
  }

  private constructor(
    private readonly name: string,
    private readonly outage: string,
    /** The outages that the goal is about and that stop the cluster, each by the places that are lost. */
    private readonly fatal: (model: QuorumModel) => string[][],
  ) {}

  /**
   * @param what the prop, for the error
   * @throws ValidationError if an outage that the goal is about stops the cluster; it names the least change that mends it
   * @internal
   */
  public _require(what: string, props: QuorumModelProps): void {
    const { memberLocations } = props;
    const outages = this.fatal(new QuorumModel(props));
    if (outages.length === 0) return;
    const quorum = quorumOf(memberLocations.length);
    throw new ValidationError({
      what,
      given: `${this.name} with ${members(memberLocations)}: the cluster stops with the loss of ${enumeration(
        outages.map((lost) => lost.join(" with ")),
        "or",
      )}`,
      expected: `a quorum, ${quorum} of ${memberLocations.length}, after the loss of ${this.outage}`,
      mend: this.leastChange(props) ?? "spread the members over more places, or ask for a goal that these can keep",
    });
  }

  /** The least change after which the goal is kept; of several the one with the quickest writes. */
  private leastChange(props: QuorumModelProps): string | undefined {
    const now = props.memberLocations;
    const clientLocations = props.clientLocations ?? [...new Set(now)].map((location) => ({ location }));
    for (const changes of changesBySize({ ...props, clientLocations })) {
      const kept = changes
        .map((change) => ({
          change,
          model: new QuorumModel({ ...props, clientLocations, memberLocations: change.memberLocations }),
        }))
        .filter(({ model }) => this.fatal(model).length === 0)
        .map(({ change, model }) => ({ change, writeMs: model.bestLeader().meanWriteMs }))
        .sort((x, y) => x.writeMs - y.writeMs);
      if (kept.length > 0) return kept[0].change.sentence;
    }
    return undefined;
  }
}

/** An edit of the members' locations, and how to tell it. */
interface Change {
  readonly sentence: string;
  readonly memberLocations: string[];
}

/** Moves of one member; further members, to an odd number; both. Only to places whose round-trip times are all known. */
function changesBySize(props: QuorumModelProps): Change[][] {
  const { roundTripTimes, memberLocations: now, clientLocations = [] } = props;
  const known = [...now, ...clientLocations.map((client) => client.location)];
  const free = onePerMetro(roundTripTimes, now, cloudsOf(roundTripTimes, now)).filter(
    (location) => !now.includes(location) && known.every((other) => roundTripTimes.has(location, other)),
  );
  const moves = [...new Set(now)].flatMap((from) => free.map((to) => move(now, from, to)));
  const additions = (members: string[]): Change[] => (members.length % 2 === 0 ? oneMore : twoMore)(members, free);
  const both = moves.flatMap(({ sentence, memberLocations }) =>
    additions(memberLocations).map((more) => ({ ...more, sentence: `${sentence}, and ${more.sentence}` })),
  );
  return [moves, additions(now), both];
}

function move(now: string[], from: string, to: string): Change {
  const index = now.indexOf(from);
  return {
    sentence: `move ${now.filter((one) => one === from).length > 1 ? "a" : "the"} member in ${from} to ${to}`,
    memberLocations: now.map((location, i) => (i === index ? to : location)),
  };
}

function oneMore(now: string[], free: readonly string[]): Change[] {
  return free
    .filter((location) => !now.includes(location))
    .map((location) => ({ sentence: `add a member in ${location}`, memberLocations: [...now, location] }));
}

function twoMore(now: string[], free: readonly string[]): Change[] {
  const left = free.filter((location) => !now.includes(location));
  return left.flatMap((a, i) =>
    left.slice(i + 1).map((b) => ({ sentence: `add members in ${a} and ${b}`, memberLocations: [...now, a, b] })),
  );
}

function pairsThatStopTheCluster(model: QuorumModel): string[][] {
  const locations = [...new Set(model.memberLocations)];
  if (locations.length < 3) return [locations];
  return locations
    .flatMap((a, i) => locations.slice(i + 1).map((b) => [a, b]))
    .filter((pair) => model.memberLocations.filter((one) => !pair.includes(one)).length < model.quorumSize);
}

function members(locations: string[]): string {
  return locations.length === 1 ? `one member, in ${locations[0]}` : `members in ${enumeration(locations, "and")}`;
}
