import { setTimeout as sleep } from "node:timers/promises";
import type { RigMember } from "./member";

/** Counters of a cluster's elections; the difference of two counts those in between. */
export interface ElectionCount {
  /** Raft's term, the highest of all members. Each election and each transfer increases it. */
  readonly term: number;
  /** The most of any member; more than the terms if one lost contact with a leader and found it again. */
  readonly leaderChangesSeen: number;
}

/** A bare etcd cluster on the rig's WAN. */
export class RigCluster {
  public constructor(
    public readonly name: string,
    public readonly members: readonly RigMember[],
  ) {}

  public member(region: string): RigMember {
    const found = this.members.find((member) => member.region === region);
    if (found === undefined) throw new Error(`${this.name} has no member at ${region}`);
    return found;
  }

  /** Client URLs of all members, by default in the order of members. */
  public endpoints(regions: readonly string[] = this.members.map(({ region }) => region)): string[] {
    return regions.map((region) => this.member(region).endpoint);
  }

  /** Starts all members and waits until all are healthy. */
  public async found(timeoutMs = 60_000): Promise<void> {
    await Promise.all(this.members.map((member) => member.start()));
    await this.untilHealthy(timeoutMs);
  }

  /** Ends all members; their hosts stay until the rig is taken down. */
  public async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.losePower()));
  }

  /** Waits until every member serves linearizable reads and has applied all of the leader's entries. */
  public async untilHealthy(timeoutMs = 60_000): Promise<void> {
    await Promise.all(this.members.map((member) => member.untilHealthy(timeoutMs)));
  }

  /** The member that reports itself as leader; undefined if there is none. */
  public async leader(): Promise<RigMember | undefined> {
    const asked = await Promise.all(
      this.members
        .filter(({ isPowered }) => isPowered)
        .map(async (member) => {
          const status = await member.api.status().catch(() => undefined);
          return { member, leads: status !== undefined && status.leader === status.id, term: status?.raftTerm ?? 0 };
        }),
    );
    // An isolated leader still takes itself for one; the higher term is right.
    return asked.filter(({ leads }) => leads).sort((a, b) => b.term - a.term)[0]?.member;
  }

  /** Moves the leader to a region, unless it is there. Repeats the transfer, as etcd may give it up silently. */
  public async placeLeader(region: string, timeoutMs = 60_000): Promise<void> {
    const target = this.member(region);
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const leader = await this.leader();
      if (leader === target) return;
      if (Date.now() > deadline) {
        throw new Error(`${this.name}: the leader is not at ${region} after ${timeoutMs / 1000} s`);
      }
      // Refused transfers (no leader yet, the target behind or not up yet) are repeated.
      await this.transfer(leader, target).catch(() => undefined);
      await sleep(100);
    }
  }

  private async transfer(from: RigMember | undefined, to: RigMember): Promise<void> {
    const { id } = await to.api.status();
    await from?.api.moveLeader(id);
  }

  /** Asks members up to three times: one slow answer on a busy machine must not end an hour's measurement. */
  public async elections(): Promise<ElectionCount> {
    const counts = await Promise.all(
      this.members.map(async ({ api }) => ({
        term: (await thrice(() => api.status())).raftTerm,
        seen: await thrice(() => api.leaderChangesSeen()),
      })),
    );
    return {
      term: Math.max(...counts.map(({ term }) => term)),
      leaderChangesSeen: Math.max(...counts.map(({ seen }) => seen)),
    };
  }
}

async function thrice<T>(ask: () => Promise<T>): Promise<T> {
  return ask().catch(ask).catch(ask);
}
