import { FormerProps, number, required, shape, text, written } from "../validation";
import { ValidationError } from "../validation-error";

/** Clients in one location, and how much they count. */
export interface ClientLocation {
  /** Where the clients are: a location that the round-trip times know. It need not have a member. */
  readonly location: string;
  /**
   * How much these clients count against the others: their share of the writes, in any unit.
   *
   * @default 1
   */
  readonly weight?: number;
}

/** What a {@link ClientLocation} is made of. */
export const CLIENT_LOCATION = shape<ClientLocation>({ location: required(text), weight: number });

/** The prop for them had another name, which was taken for the clients themselves. */
export const FORMER_CLIENTS: FormerProps = {
  clients: { by: "clientLocations", written: ({ clients }) => written(clients) },
};

/** @throws ValidationError when there is no client, a weight is negative, or all are 0 */
export function requireWeights(clients: ClientLocation[]): void {
  const weights = clients.map((client) => client.weight ?? 1);
  if (!weights.every((weight) => weight >= 0 && Number.isFinite(weight)) || !weights.some((weight) => weight > 0)) {
    throw new ValidationError({
      what: "clientLocations: weight",
      given: weights.length === 0 ? "no client" : weights.join(", "),
      expected: "numbers of 0 or more, one at least above 0",
      mend: "give each location's share of the writes, or leave the clients out to count each member's location alike",
    });
  }
}
