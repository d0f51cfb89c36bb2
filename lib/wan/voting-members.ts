import { shown } from "../validation";
import { ValidationError } from "../validation-error";

/** How many members make a quorum of that many: more than half. */
export function quorumOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** Which voting members are up, by their locations, and whether they make a quorum. Members that are lost still count as voters. */
export class VotingMembers {
  /** Voting members, lost ones included. */
  public readonly count: number;
  public readonly quorumSize: number;

  /**
   * @param up one entry for each member that is up
   * @throws ValidationError when there is no member
   */
  public constructor(
    public readonly up: string[],
    lost: number,
  ) {
    this.count = up.length + lost;
    this.quorumSize = quorumOf(this.count);
    requireMembers(this.count);
  }

  /** How many more members may fail with a quorum left; negative when there is none any more. */
  public get faultTolerance(): number {
    return this.up.length - this.quorumSize;
  }

  public get hasQuorum(): boolean {
    return this.faultTolerance >= 0;
  }

  /** Each location with a member that is up, once. */
  public get locations(): string[] {
    return [...new Set(this.up)];
  }

  /**
   * Who is left when all members at a location are lost.
   *
   * @throws ValidationError when no member is up there
   */
  public without(location: string): string[] {
    this.requireAt(location);
    return this.up.filter((member) => member !== location);
  }

  /**
   * Who is left when one member at a location is lost.
   *
   * @throws ValidationError when no member is up there
   */
  public withoutOneAt(location: string): string[] {
    this.requireAt(location);
    const lost = this.up.indexOf(location);
    return this.up.filter((_member, index) => index !== lost);
  }

  /** @throws ValidationError when no quorum is left; `what` was asked for */
  public requireQuorum(what: string): void {
    if (!this.hasQuorum) {
      throw tooFew(what, this.up.length, this.quorumSize);
    }
  }

  /** @throws ValidationError when no member is up; `what` was asked for */
  public requireAny(what: string): void {
    if (this.up.length === 0) {
      throw tooFew(what, 0, 1);
    }
  }

  /** @throws ValidationError when no member is up at the location */
  public requireAt(location: string): void {
    if (!this.up.includes(location)) {
      throw new ValidationError({
        what: "member location",
        given: shown(location),
        expected: `one with a member that is up: ${this.locations.join(", ")}`,
        mend: "name one of these",
      });
    }
  }
}

function tooFew(what: string, up: number, needed: number): ValidationError {
  return new ValidationError({
    what,
    given: `a cluster with ${up} members up`,
    expected: `at least ${needed}, a quorum`,
    mend: "ask hasQuorum first",
  });
}

function requireMembers(memberCount: number): void {
  if (!Number.isInteger(memberCount) || memberCount < 1) {
    throw new ValidationError({
      what: "memberLocations",
      given: `${memberCount} members`,
      expected: "one entry for each member",
      mend: "list the members' locations; three in three places are the least that survives an outage",
    });
  }
}
