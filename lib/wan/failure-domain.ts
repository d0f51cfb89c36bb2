/** What must be allowed to fail, all of it at once, with a quorum left. */
export enum FailureDomain {
  /** A single member: any placement of three or more will do. */
  MEMBER = "member",
  /** A location with all its members: one data centre. */
  LOCATION = "location",
  /** A city: data centres a few kilometres apart (`nyc1`, `nyc3`) count as one. */
  METRO = "metro",
  /** A continent. */
  CONTINENT = "continent",
}
