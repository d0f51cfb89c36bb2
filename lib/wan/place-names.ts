import { enumeration } from "./enumeration";
import type { RoundTripTimes } from "./round-trip-times";

/**
 * What to call places in a sentence: the city, with the slug where a sentence is about two places in that city; the
 * bare name of what is not on the map.
 *
 * @internal
 */
export class PlaceNames {
  private readonly locations: string[];

  public constructor(
    private readonly roundTripTimes: RoundTripTimes,
    locations: string[],
  ) {
    this.locations = [...new Set(locations)];
  }

  /** A location's or a continent's name. */
  public of(place: string): string {
    const city = this.city(place);
    if (city === undefined) {
      return place;
    }
    return this.locations.filter((other) => this.city(other) === city).length > 1 ? `${city} (${place})` : city;
  }

  /** `London, New York or Asia`; empty for none. */
  public any(places: string[]): string {
    return enumeration(
      places.map((place) => this.of(place)),
      "or",
    );
  }

  /** The same without continents that a listed location is on: what stops with London stops with Europe too. */
  public least(places: string[]): string {
    const implied = places.map((place) => this.roundTripTimes.region(place)?.continent.valueOf());
    return this.any(places.filter((place) => !implied.includes(place)));
  }

  /** `London (2), New York and Singapore`. */
  public all(places: string[]): string {
    const counted = [...new Set(places)].map((place) => {
      const count = places.filter((other) => other === place).length;
      return count === 1 ? this.of(place) : `${this.of(place)} (${count})`;
    });
    return enumeration(counted, "and");
  }

  private city(place: string): string | undefined {
    return this.roundTripTimes.region(place)?.city;
  }
}
