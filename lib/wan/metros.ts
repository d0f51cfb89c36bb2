import { Continent } from "./continent";

/** A metropolitan area: what the regions of several clouds there have in common. */
export interface Metro {
  readonly city: string;
  readonly country: string;
  readonly continent: Continent;
  /** The city's, in degrees, north positive. */
  readonly latitude: number;
  /** The city's, in degrees, east positive. */
  readonly longitude: number;
}

const { AFRICA, ASIA, EUROPE, NORTH_AMERICA, OCEANIA, SOUTH_AMERICA } = Continent;

function metro(city: string, country: string, continent: Continent, latitude: number, longitude: number): Metro {
  return { city, country, continent, latitude, longitude };
}

/**
 * Every metropolitan area that has distances, by its name: DigitalOcean's where it is there, else IATA's for the city
 * (`par`, `tyo`) or for the airport that data centres there go by (`iad`, `yul`).
 */
export const METROS: ReadonlyMap<string, Metro> = new Map([
  ["ams", metro("Amsterdam", "Netherlands", EUROPE, 52.37, 4.9)],
  ["atl", metro("Atlanta", "United States", NORTH_AMERICA, 33.75, -84.39)],
  ["blr", metro("Bangalore", "India", ASIA, 12.97, 77.59)],
  ["bom", metro("Mumbai", "India", ASIA, 19.08, 72.88)],
  ["cmh", metro("Columbus", "United States", NORTH_AMERICA, 39.96, -83.0)],
  ["cpt", metro("Cape Town", "South Africa", AFRICA, -33.92, 18.42)],
  ["dub", metro("Dublin", "Ireland", EUROPE, 53.35, -6.26)],
  ["fra", metro("Frankfurt", "Germany", EUROPE, 50.11, 8.68)],
  ["hkg", metro("Hong Kong", "China", ASIA, 22.32, 114.17)],
  ["iad", metro("Ashburn", "United States", NORTH_AMERICA, 39.04, -77.49)],
  ["lon", metro("London", "United Kingdom", EUROPE, 51.51, -0.13)],
  ["mil", metro("Milan", "Italy", EUROPE, 45.46, 9.19)],
  ["nyc", metro("New York", "United States", NORTH_AMERICA, 40.71, -74.01)],
  ["par", metro("Paris", "France", EUROPE, 48.86, 2.35)],
  ["pdx", metro("Portland", "United States", NORTH_AMERICA, 45.52, -122.68)],
  ["ric", metro("Richmond", "United States", NORTH_AMERICA, 37.54, -77.44)],
  ["sao", metro("São Paulo", "Brazil", SOUTH_AMERICA, -23.55, -46.63)],
  ["sel", metro("Seoul", "South Korea", ASIA, 37.57, 126.98)],
  ["sfo", metro("San Francisco", "United States", NORTH_AMERICA, 37.77, -122.42)],
  ["sgp", metro("Singapore", "Singapore", ASIA, 1.35, 103.82)],
  ["sto", metro("Stockholm", "Sweden", EUROPE, 59.33, 18.07)],
  ["syd", metro("Sydney", "Australia", OCEANIA, -33.87, 151.21)],
  ["tor", metro("Toronto", "Canada", NORTH_AMERICA, 43.65, -79.38)],
  ["tyo", metro("Tokyo", "Japan", ASIA, 35.68, 139.69)],
  ["yul", metro("Montreal", "Canada", NORTH_AMERICA, 45.5, -73.57)],
]);
