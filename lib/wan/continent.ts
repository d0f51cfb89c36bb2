/** The continents that a region can be on: the largest thing whose outage the model plans for. */
export enum Continent {
  /** Africa. */
  AFRICA = "Africa",
  /** Asia. */
  ASIA = "Asia",
  /** Europe. */
  EUROPE = "Europe",
  /** North America. */
  NORTH_AMERICA = "North America",
  /** Oceania: Australia and its neighbours. */
  OCEANIA = "Oceania",
  /** South America. */
  SOUTH_AMERICA = "South America",
}
