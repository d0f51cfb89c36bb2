import { didYouMean, nearMatches } from "../near-matches";
import { instance, number, oneOf, read, required, shape, shown, text } from "../validation";
import { ValidationError } from "../validation-error";

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

/** What describes a region. */
export interface RegionProps {
  /** The name that machines and round-trip times are filed under: `lon1`. */
  readonly slug: string;
  /** The city, for sentences and maps: `London`. */
  readonly city: string;
  /** The country, for reports: `United Kingdom`. */
  readonly country: string;
  /** The continent: regions that share one are counted as lost together when a continent fails. */
  readonly continent: Continent;
  /** Latitude of the city in degrees, north positive. */
  readonly latitude: number;
  /** Longitude of the city in degrees, east positive. */
  readonly longitude: number;
  /**
   * Regions with the same metro are a few kilometres apart: `nyc1`, `nyc2` and `nyc3` are all in `nyc`.
   *
   * @default - the slug without its trailing digits
   */
  readonly metro?: string;
}

/** What {@link RegionProps} are made of. */
const REGION = shape<RegionProps>({
  slug: required(text),
  city: required(text),
  country: required(text),
  continent: required(oneOf(Continent, "Continent")),
  latitude: required(number),
  longitude: required(number),
  metro: text,
});

/** Light in fibre covers about 200 km in a millisecond (refractive index 1.47), and a round trip goes twice. */
const ROUND_TRIP_KM_PER_MS = 200 / 2;

/** Mean radius of the earth (IUGG). */
const EARTH_RADIUS_KM = 6371;

/**
 * A place where machines can stand. DigitalOcean's are built in ({@link Region.all}); describe another cloud's with
 * `new Region({...})` and hand them to `RoundTripTimes.of`, so that distances and continents are known there too.
 */
export class Region {
  /**
   * All regions of DigitalOcean, by slug: also those which take no new customers (`ams2`, `nyc2`, `sfo2`), as their
   * machines live on. From DigitalOcean's list of data centres; the coordinates are the city's.
   */
  public static all(): Region[] {
    return [...DIGITAL_OCEAN];
  }

  /** The built-in region of that slug, or undefined. */
  public static find(slug: string): Region | undefined {
    read("region", slug, required(text));
    return DIGITAL_OCEAN.find((region) => region.slug === slug);
  }

  /**
   * The built-in region of that slug.
   *
   * @throws ValidationError where there is none, naming those it may have been meant to be
   */
  public static of(slug: string): Region {
    read("region", slug, required(text));
    const region = Region.find(slug);
    if (region !== undefined) {
      return region;
    }
    const slugs = DIGITAL_OCEAN.map((known) => known.slug);
    throw new ValidationError({
      what: "region",
      given: shown(slug),
      expected: "the slug of a DigitalOcean region",
      mend: didYouMean(Region.near(slug), slugs),
    });
  }

  /** Slugs that the writer of `name` may have meant, nearest first: by city or metro (`london`, `nyc4`), then by spelling. */
  public static near(name: string): string[] {
    read("name", name, required(text));
    const wanted = name.trim().toLowerCase();
    const metro = metroOf(wanted);
    const sameCity = DIGITAL_OCEAN.filter((region) => region.city.toLowerCase() === wanted || region.metro === metro);
    if (sameCity.length > 0) {
      return sameCity.map((region) => region.slug);
    }
    return nearMatches(
      wanted,
      DIGITAL_OCEAN.map((region) => region.slug),
    );
  }

  /** The name that machines and round-trip times are filed under. */
  public readonly slug: string;
  /** The city. */
  public readonly city: string;
  /** The country. */
  public readonly country: string;
  /** The continent. */
  public readonly continent: Continent;
  /** Latitude in degrees, north positive. */
  public readonly latitude: number;
  /** Longitude in degrees, east positive. */
  public readonly longitude: number;
  /** What it shares with regions a few kilometres away. */
  public readonly metro: string;

  /**
   * Describes a region that is not built in.
   *
   * @throws ValidationError when a coordinate is not on the globe or the slug is empty
   */
  public constructor(props: RegionProps) {
    read("", props, required(REGION));
    requireSlug(props.slug);
    requireDegrees(`region ${props.slug}: latitude`, props.latitude, 90);
    requireDegrees(`region ${props.slug}: longitude`, props.longitude, 180);
    this.slug = props.slug;
    this.city = props.city;
    this.country = props.country;
    this.continent = props.continent;
    this.latitude = props.latitude;
    this.longitude = props.longitude;
    this.metro = props.metro ?? metroOf(props.slug);
  }

  /** Great-circle distance in kilometres, from city to city. */
  public distanceKmTo(other: Region): number {
    read("other", other, required(instance(Region, 'Region.of("lon1")')));
    const radians = (degrees: number): number => (degrees * Math.PI) / 180;
    const halfLatitude = Math.sin(radians(other.latitude - this.latitude) / 2);
    const halfLongitude = Math.sin(radians(other.longitude - this.longitude) / 2);
    const haversine =
      halfLatitude ** 2 + Math.cos(radians(this.latitude)) * Math.cos(radians(other.latitude)) * halfLongitude ** 2;
    return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(haversine)));
  }

  /**
   * The round trip in milliseconds that no network can beat: the great circle, there and back, at the speed of light
   * in fibre (200 km per millisecond). Real paths take 1.1 to 3 times as long.
   */
  public lightRoundTripMsTo(other: Region): number {
    return this.distanceKmTo(other) / ROUND_TRIP_KM_PER_MS;
  }
}

function metroOf(slug: string): string {
  return slug.replace(/\d+$/, "");
}

function requireSlug(slug: string): void {
  if (slug.trim() === "") {
    throw new ValidationError({
      what: "region: slug",
      given: JSON.stringify(slug),
      expected: "a name",
      mend: "give the name that the cloud's API uses for it",
    });
  }
}

function requireDegrees(what: string, degrees: number, limit: number): void {
  if (!(Math.abs(degrees) <= limit)) {
    throw new ValidationError({
      what,
      given: `${degrees}`,
      expected: `degrees between -${limit} and ${limit}`,
      mend: "give decimal degrees, north and east positive",
    });
  }
}

/** One row per city, as its regions share everything but the slug. */
function inCity(
  slugs: string[],
  city: string,
  country: string,
  continent: Continent,
  latitude: number,
  longitude: number,
) {
  return slugs.map((slug) => new Region({ slug, city, country, continent, latitude, longitude }));
}

const { ASIA, EUROPE, NORTH_AMERICA, OCEANIA } = Continent;

const DIGITAL_OCEAN: Region[] = [
  ...inCity(["ams2", "ams3"], "Amsterdam", "Netherlands", EUROPE, 52.37, 4.9),
  ...inCity(["atl1"], "Atlanta", "United States", NORTH_AMERICA, 33.75, -84.39),
  ...inCity(["blr1"], "Bangalore", "India", ASIA, 12.97, 77.59),
  ...inCity(["fra1"], "Frankfurt", "Germany", EUROPE, 50.11, 8.68),
  ...inCity(["lon1"], "London", "United Kingdom", EUROPE, 51.51, -0.13),
  ...inCity(["nyc1", "nyc2", "nyc3"], "New York", "United States", NORTH_AMERICA, 40.71, -74.01),
  ...inCity(["ric1"], "Richmond", "United States", NORTH_AMERICA, 37.54, -77.44),
  ...inCity(["sfo2", "sfo3"], "San Francisco", "United States", NORTH_AMERICA, 37.77, -122.42),
  ...inCity(["sgp1"], "Singapore", "Singapore", ASIA, 1.35, 103.82),
  ...inCity(["syd1"], "Sydney", "Australia", OCEANIA, -33.87, 151.21),
  ...inCity(["tor1"], "Toronto", "Canada", NORTH_AMERICA, 43.65, -79.38),
];
