import { number, read, required, requireInteger } from "../validation";

/**
 * Where an authority stands in its rotation: which of its generations are trusted, and which one signs.
 *
 * An authority is replaced in three deploys, none of which may be left out: `introducing(2)`, `signing(2)`, `of(2)`. At
 * each of them every certificate in use is signed by a generation that everybody trusts.
 */
export class AuthorityGeneration {
  /**
   * One generation, trusted and signing: `of(1)` is where a cluster begins, `of(n)` the last stage of a rotation, after
   * which the generation before is no longer trusted, and its certificates are refused.
   *
   * @param generation 1 or more
   * @throws ValidationError if it is no whole number from 1 on
   */
  public static of(generation: number): AuthorityGeneration {
    requireGeneration(generation, 1);
    return new AuthorityGeneration([generation], generation);
  }

  /**
   * First stage: makes a new generation, which everybody trusts along with the one before; that one still signs.
   * Members restart one by one, because etcd reads what it trusts at start. Give the clients their new `ca.crt` before
   * the next stage.
   *
   * @param generation the new one, 2 or more
   * @throws ValidationError if it is no whole number from 2 on
   */
  public static introducing(generation: number): AuthorityGeneration {
    requireGeneration(generation, 2);
    return new AuthorityGeneration([generation - 1, generation], generation - 1);
  }

  /**
   * Second stage: the new generation signs every certificate anew; the one before is still trusted. Nothing restarts. Give
   * the clients their new certificates before the last stage.
   *
   * @param generation the new one, 2 or more
   * @throws ValidationError if it is no whole number from 2 on
   */
  public static signing(generation: number): AuthorityGeneration {
    requireGeneration(generation, 2);
    return new AuthorityGeneration([generation - 1, generation], generation);
  }

  private constructor(
    /** The generations whose certificates are accepted, oldest first. */
    public readonly trusted: number[],
    /** The generation that signs. */
    public readonly signer: number,
  ) {}
}

/** Rotations are rare: a larger number is taken for a typing error. */
export const MOST_GENERATIONS = 1000;

function requireGeneration(generation: number, least: number): void {
  read("generation of an authority", generation, required(number));
  requireInteger("generation of an authority", generation, least, MOST_GENERATIONS, "");
}
