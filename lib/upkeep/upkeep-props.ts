import { flag, number, oneOf, requireInteger, shape } from "../validation";

/** A day of the week. */
export enum Weekday {
  MONDAY = "Mon",
  TUESDAY = "Tue",
  WEDNESDAY = "Wed",
  THURSDAY = "Thu",
  FRIDAY = "Fri",
  SATURDAY = "Sat",
  SUNDAY = "Sun",
}

/** When and for how much the members' databases are defragmented. */
export interface EtcdUpkeepProps {
  /**
   * Whether a timer does it.
   * @default true
   */
  readonly defragment?: boolean;
  /**
   * On which day of the week.
   * @default - every day
   */
  readonly weekday?: Weekday;
  /**
   * The hour, 0 to 23, UTC; it begins within the first quarter of it.
   * @default 3, when Europe and the Americas sleep
   */
  readonly hour?: number;
  /**
   * Least size in MiB that a defragmentation must free; it must also be half of the database's file. It stops its
   * member for about a second per 100 MiB that stay in use (0.5 s for 64 MiB, 1.9 s for 128 MiB, measured on a busy
   * disk).
   * @default 100
   */
  readonly minimumFreeMiB?: number;
}

/** What {@link EtcdUpkeepProps} are made of. */
export const UPKEEP = shape<EtcdUpkeepProps>({
  defragment: flag,
  weekday: oneOf(Weekday, "Weekday"),
  hour: number,
  minimumFreeMiB: number,
});

/** Upkeep with every default filled in. */
export interface ResolvedUpkeep {
  readonly defragment: boolean;
  readonly weekday?: Weekday;
  readonly hour: number;
  readonly minimumFreeMiB: number;
}

/** @throws ValidationError for values out of range */
export function resolveUpkeep(props: EtcdUpkeepProps = {}): ResolvedUpkeep {
  const hour = props.hour ?? 3;
  const minimumFreeMiB = props.minimumFreeMiB ?? 100;
  requireInteger("upkeep.hour", hour, 0, 23, "o'clock, UTC");
  requireInteger("upkeep.minimumFreeMiB", minimumFreeMiB, 1, 8192, "MiB");
  return { defragment: props.defragment ?? true, weekday: props.weekday, hour, minimumFreeMiB };
}
