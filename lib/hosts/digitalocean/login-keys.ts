import { PrivateKey } from "@cdktf/provider-tls/lib/private-key";
import { Lazy, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { TerraformData } from "../../terraform/terraform-data";
import { MachinesAtStart } from "./machines-at-start";
import { OpensshKeyPair, opensshKeyPair } from "../openssh-key-pair";

/**
 * Each generation leaves a record in the state, and rotations are rare: a larger number is taken for a typing error.
 */
export const MOST_GENERATIONS = 100;

/**
 * The key pairs that deploys log in with, generation after generation. Every machine always accepts the current and the
 * next one. So a deploy that counts the generation up logs in with a key that machines accepted before it began; on
 * each machine it replaces the old key by the one after the new, and it may be interrupted at any point.
 *
 * Records in the state, of two kinds, make sure of that, and have the plan refuse what would lock deploys out:
 *
 * - `login-key-<n>-accepted` is created at the end of a deploy whose next key is n. It must exist before n logs in: if
 *   it is created only then, there may be machines that do not accept the key.
 * - `login-key-<n>-used` holds "yes" from before the first login with n. While n is only the next key it must hold
 *   "no": else machines may no longer accept the key before n, and the state forgets keys that are not declared.
 */
export class LoginKeys {
  /** Logs in during this deploy. */
  public readonly current: OpensshKeyPair;
  /** Logs in once the generation is counted up. */
  public readonly next: OpensshKeyPair;
  /** Both, as lines of authorized_keys. */
  public readonly authorized: string[];
  /** To be created before any machine is created or logged in to. */
  public readonly madeFirst: TerraformResource[];
  /** To be created once a deploy is complete. */
  public readonly madeWhenReady: TerraformResource[];

  /** @param generation a whole number from 1 to {@link MOST_GENERATIONS} */
  public constructor(scope: Construct, generation: number, machines: MachinesAtStart) {
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

/** What a record of acceptance holds where all machines accept the key. */
const ALL = "all";
/** What a record of use holds. */
const [YES, NO] = ["yes", "no"];

/**
 * Id or name of a key's generation. The first one's has no number, so that ids in existing clusters stay as they are.
 */
export function keyId(name: string, generation: number): string {
  return generation === 1 ? name : `${name}-${generation}`;
}

const acceptedId = (generation: number): string => `login-key-${generation}-accepted`;
const usedId = (generation: number): string => `login-key-${generation}-used`;

function keyPair(scope: Construct, generation: number): OpensshKeyPair {
  return opensshKeyPair(new PrivateKey(scope, keyId("login-key", generation), { algorithm: "ED25519" }));
}

/** Has the plan refuse to log in with a key, unless a completed deploy has made all machines accept it. */
function acceptedBefore(
  scope: Construct,
  generation: number,
  nextUsed: TerraformData,
  machines: MachinesAtStart,
): TerraformData {
  // A cluster that begins with this generation has no machines yet. Where the next key was used already, the generation
  // was counted down, and the record of use says so.
  const isOfNoConcern = (): string =>
    `length([for d in ${machines.list} : d if ${machines.isOwn}]) == 0 || ` +
    `${nextUsed.terraformResourceType}.${nextUsed.friendlyUniqueId}.input == "${YES}"`;
  return new TerraformData(scope, acceptedId(generation), {
    // Hosts are added to the group later.
    input: Lazy.stringValue({
      produce: () => `\${${isOfNoConcern()} ? "${ALL}" : ${machines.described(machines.isOwn)}}`,
    }),
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

/** Has the plan refuse to count down to a key before one that has logged in. */
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
