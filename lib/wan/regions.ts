import { didYouMean, nearMatches } from "../near-matches";
import { instance, number, oneOf, read, required, shape, shown, text } from "../validation";
import { ValidationError } from "../validation-error";
import { CLOUD_REGIONS } from "./cloud-regions";
import { Continent } from "./continent";
import { METROS } from "./metros";

/** What describes a region. */
export interface RegionProps {
  /** The name that machines and round-trip times are filed under, such as `warsaw1`: a host's `location`. */
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
   * The metropolitan area. Regions that share it are a few kilometres apart: `nyc1`, `nyc2` and `nyc3` are all in `nyc`.
   * One that is built in (each is a region by itself: `Region.of("lon")`) has distances to all others.
   *
   * @default - the slug without its trailing digits
   */
  readonly metro?: string;
  /**
   * The cloud, in a word: advice stays within the clouds that a cluster is in. Of those built in: `digitalocean`, `aws`.
   *
   * @default - none: a place for machines of one's own
   */
  readonly cloud?: string;
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
  cloud: text,
});

/** Light in fibre covers about 200 km in a millisecond (refractive index 1.47), and a round trip goes twice. */
const ROUND_TRIP_KM_PER_MS = 200 / 2;

/** Mean radius of the earth (IUGG). */
const EARTH_RADIUS_KM = 6371;

/**
 * A place where machines can stand. Built in are the regions of DigitalOcean (`lon1`) and AWS (`aws:eu-west-2`), and
 * metropolitan areas by themselves (`lon`) for machines that are elsewhere in such a city. Describe other places with
 * `new Region({...})`, and hand them to `RoundTripTimes.withRegions`, so that distances and continents are known there too.
 */
export class Region {
  /** All built-in regions: DigitalOcean's, AWS's and the metropolitan areas, each by slug. The coordinates are the city's. */
  public static all(): Region[] {
    return [...builtInRegions().values()];
  }

  /**
   * The built-in regions of a cloud, by slug.
   *
   * @param cloud `digitalocean` or `aws`
   * @throws ValidationError for another
   */
  public static inCloud(cloud: string): Region[] {
    read("cloud", cloud, required(text));
    const slugs = CLOUD_REGIONS.get(cloud);
    if (slugs !== undefined) {
      return [...slugs.keys()].map((slug) => Region.of(slug));
    }
    const clouds = [...CLOUD_REGIONS.keys()];
    throw new ValidationError({
      what: "cloud",
      given: shown(cloud),
      expected: "one whose regions are built in",
      mend: didYouMean(nearMatches(cloud, clouds), clouds),
    });
  }

  /** The built-in region of that slug, or undefined. */
  public static find(slug: string): Region | undefined {
    read("region", slug, required(text));
    return builtInRegions().get(slug);
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
    throw new ValidationError({
      what: "region",
      given: shown(slug),
      expected: "the slug of a built-in region",
      mend: didYouMean(Region.near(slug), [...builtInRegions().keys()]),
    });
  }

  /**
   * Slugs that the writer of `name` may have meant, nearest first: by city (`london`), by a name that lacks its cloud or its
   * case (`eu-west-2`, `NYC`) or has another number (`nyc4`), then by spelling.
   */
  public static near(name: string): string[] {
    read("name", name, required(text));
    const wanted = plain(name);
    const slugs = [...builtInRegions().keys()];
    const inCity = Region.all().filter((region) => plain(region.city) === wanted);
    if (inCity.length > 0) {
      return inCity.map((region) => region.slug);
    }
    const numbered = slugs.filter((slug) => metroOf(slug) !== slug && metroOf(slug) === metroOf(wanted));
    const meant = slugs.filter((slug) => slug === wanted || slug.endsWith(`:${wanted}`) || numbered.includes(slug));
    if (meant.length > 0) {
      return meant;
    }
    return METROS.has(metroOf(wanted)) ? [metroOf(wanted)] : nearMatches(wanted, slugs);
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
  /** The cloud; undefined for a place for machines of one's own. */
  public readonly cloud?: string;

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
    this.cloud = props.cloud;
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

/** As far as two people write the same name alike. */
function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "");
}

let builtIn: ReadonlyMap<string, Region> | undefined;

/** By slug; made when they are first asked for, as most programs that load the library never do. */
function builtInRegions(): ReadonlyMap<string, Region> {
  builtIn ??= new Map(
    [...cloudRegions(), ...[...METROS].map(([metro, place]) => new Region({ slug: metro, metro, ...place }))].map(
      (region) => [region.slug, region],
    ),
  );
  return builtIn;
}

function cloudRegions(): Region[] {
  return [...CLOUD_REGIONS].flatMap(([cloud, metros]) =>
    [...metros].flatMap(([slug, metro]) => {
      const place = METROS.get(metro);
      return place === undefined ? [] : [new Region({ slug, metro, cloud, ...place })];
    }),
  );
}
