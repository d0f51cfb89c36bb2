import { mustHave, nameAt, type Stage } from "./stage";

/** @throws Error unless every declared machine has a voting member that commits writes, and there are no other members */
export async function mustAllVote(stage: Stage): Promise<void> {
  const cluster = await stage.cluster();
  await cluster.mustBeHealthy();
  const { members } = await cluster.status();
  const voters = members.filter(({ learner }) => !learner).map(({ name }) => name);
  const declared = stage.regions.map(nameAt);
  mustHave("every declared member votes, and nobody else", voters.sort().join() === declared.sort().join(), members);
}
