import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { TerraformData } from "../terraform/terraform-data";
import { requireInteger } from "../validation";
import { MachinesAtStart } from "./machines-at-start";
import { OpensshKeyPair, opensshKeyPair } from "./openssh-key-pair";

/** A new key is an event of years, and each leaves a record: more are a typing error. */
const MOST = 100;

/**
 * The key pairs that deploys log in with, generation after generation. Every machine accepts the present one's and the next one's, always.
 * So a deploy that counts the generation up logs in with a key that was accepted before it began; on each machine it puts the one
 * after that in the place of the one that goes, and may be cut off at any moment.
 *
 * Two kinds of records in the state see to it that this holds, and that the plan refuses what would lock deploys out:
 *
 * - `login-key-<n>-accepted` is made at the end of a deploy whose next key is n. Where n is to log in, it must be there: one that is
 *   made only then finds machines that may not accept the key.
 * - `login-key-<n>-used` tells "yes" from before any machine is logged in to with n. Where n is but the next key, it must tell "no":
 *   machines may not accept the one before any more, and keys that are not declared are forgotten.
 */
export class LoginKeys {
  /** Logs in. */
  public readonly current: OpensshKeyPair;
  /** Logs in once the generation is counted up. */
  public readonly next: OpensshKeyPair;
  /** Both, as lines of authorized_keys. */
  public readonly authorized: string[];
  /** To be made before any machine: none may be there without these, or be logged in to. */
  public readonly madeFirst: TerraformResource[];
  /** To be made once a deploy is complete. */
  public readonly madeWhenReady: TerraformResource[];

  /** @throws ValidationError if the generation is no whole number from 1 to 100 */
  public constructor(scope: Construct, generation: number, machines: MachinesAtStart) {
    requireInteger("loginKeyGeneration", generation, 1, MOST, "");
    const next = generation + 1;
    this.current = keyPair(scope, generation);
    this.next = keyPair(scope, next);
    this.authorized = [`${this.current.publicKey} login-key-${generation}`, `${this.next.publicKey} login-key-${next}`];
    const used = Array.from({ length: generation - 1 }, (_, index) => usedRecord(scope, index + 2));
    const nextUsed = notUsedBefore(scope, next);
    const accepted = generation > 1 ? [acceptedBefore(scope, generation, nextUsed, machines)] : [];
    this.madeFirst = [...accepted, ...used.slice(-1)];
    this.madeWhenReady = [
      new TerraformData(scope, acceptedId(next), { input: ALL, lifecycle: { ignoreChanges: ["input"] } }),
    ];
  }
}

/** What a record of acceptance remembers where no machine is in doubt. */
const ALL = "all";
/** What a record of use remembers. */
const [YES, NO] = ["yes", "no"];

/** The id of what belongs to a key. The first had no number since before there was a second one. */
export function keyId(name: string, generation: number): string {
  return generation === 1 ? name : `${name}-${generation}`;
}

const acceptedId = (generation: number): string => `login-key-${generation}-accepted`;
const usedId = (generation: number): string => `login-key-${generation}-used`;

function keyPair(scope: Construct, generation: number): OpensshKeyPair {
  return opensshKeyPair(new PrivateKey(scope, keyId("login-key", generation), { algorithm: "ED25519" }));
}

/** Refuses, in the plan, to log in with a key that no complete deploy has had all machines accept. */
function acceptedBefore(
  scope: Construct,
  generation: number,
  nextUsed: TerraformData,
  machines: MachinesAtStart,
): TerraformData {
  // Of a cluster that begins with this generation there are no machines yet. To who goes back that is told by what was used.
  const isOfNoConcern =
    `length(${machines.list}) == 0 || ` +
    `${nextUsed.terraformResourceType}.${nextUsed.friendlyUniqueId}.input == "${YES}"`;
  return new TerraformData(scope, acceptedId(generation), {
    input: `\${${isOfNoConcern} ? "${ALL}" : ${machines.described("true")}}`,
    lifecycle: {
      ignoreChanges: ["input"],
      postcondition: [
        {
          condition: `\${self.input == "${ALL}"}`,
          errorMessage:
            `These machines may not accept login key ${generation} yet, and the deploy could not log in: \${self.input}. Set ` +
            `'loginKeyGeneration' to ${generation - 1}, have a deploy go through, then count it up by one. Nothing was changed.`,
        },
      ],
    },
  });
}

function usedRecord(scope: Construct, generation: number): TerraformData {
  return new TerraformData(scope, usedId(generation), { input: YES });
}

/** Refuses, in the plan, to go back from a key that was logged in with. */
function notUsedBefore(scope: Construct, generation: number): TerraformData {
  return new TerraformData(scope, usedId(generation), {
    input: NO,
    lifecycle: {
      ignoreChanges: ["input"],
      postcondition: [
        {
          condition: `\${self.input == "${NO}"}`,
          errorMessage:
            `A deploy has logged in with login key ${generation}, and machines may not accept the one before any more. Set ` +
            `'loginKeyGeneration' to ${generation}, or to what it was last: it is never counted down. Nothing was changed.`,
        },
      ],
    },
  });
}
