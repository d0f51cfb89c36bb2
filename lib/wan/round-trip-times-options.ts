import { instance, list, shape, text } from "../validation";
import { ValidationError } from "../validation-error";
import { Region } from "./regions";

/** What is known about a set of round-trip times besides the times. */
export interface RoundTripTimesOptions {
  /**
   * Where the locations are, for those that are not built in. Gives them a continent, a city for
   * sentences and a check against the speed of light.
   *
   * @default - only built-in regions have a place on the map
   */
  readonly regions?: Region[];
  /**
   * Where the numbers come from, in words, for reports.
   *
   * @default "given in code"
   */
  readonly source?: string;
  /**
   * When they were measured: an ISO 8601 date or time.
   *
   * @default - not known
   */
  readonly measuredAt?: string;
  /**
   * The path of the `EtcdCluster` in its app that they were measured on, such as `etcd/etcd`: a file of another cluster is
   * noticed by it.
   *
   * @default - not measured on a cluster
   */
  readonly cluster?: string;
  /**
   * The id of the etcd cluster they were read off, in hexadecimal, as `etcdctl member list` prints it.
   *
   * @default - not read off a cluster
   */
  readonly clusterId?: string;
}

/** What {@link RoundTripTimesOptions} are made of. */
export const ROUND_TRIP_TIMES_OPTIONS = shape<RoundTripTimesOptions>({
  regions: list(instance(Region, "new Region({ ... })")),
  source: text,
  measuredAt: text,
  cluster: text,
  clusterId: text,
});

/** @throws ValidationError when the date is not in ISO 8601 form, or the cluster's id is not one of etcd's */
export function checkOptions(options: RoundTripTimesOptions): void {
  const { measuredAt, clusterId } = options;
  if (measuredAt !== undefined && !(/^\d{4}-\d{2}-\d{2}/.test(measuredAt) && Number.isFinite(Date.parse(measuredAt)))) {
    throw new ValidationError({
      what: "round-trip times: measuredAt",
      given: JSON.stringify(measuredAt),
      expected: "an ISO 8601 date or time",
      mend: "write it as 2026-11-22 or 2026-11-22T14:00:00Z",
    });
  }
  if (clusterId !== undefined && !/^[0-9a-f]{1,16}$/.test(clusterId)) {
    throw new ValidationError({
      what: "round-trip times: clusterId",
      given: JSON.stringify(clusterId),
      expected: "up to 16 lower-case hexadecimal digits",
      mend: "copy it as etcdctl prints it, or leave it out",
    });
  }
}
