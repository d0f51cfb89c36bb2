import { FormerProps, number, oneOf, shape, ShapeOf, written, writtenProps } from "../validation";
import { TuningProfile } from "./tuning-profile";

/** How heartbeat and election timeout are chosen, the same for all members. */
export interface EtcdTuningProps {
  /**
   * How they derive from the round-trip times: how to weigh a quick failover against mistaken elections.
   * @default TuningProfile.BALANCED
   */
  readonly profile?: TuningProfile;
  /**
   * Heartbeat interval in milliseconds, a whole number of at least 10, instead of the derived one.
   * @default - a tenth of the election timeout
   */
  readonly heartbeatMs?: number;
  /**
   * Election timeout in milliseconds, a whole number, instead of the derived one: at least 5 x the heartbeat, at most
   * 50000 (both checked by etcd itself), and at least 2 x the largest round trip between members.
   * @default - as the profile says
   */
  readonly electionMs?: number;
}

/** The props of {@link EtcdTuningProps}, for interfaces that have them, too. */
export const TUNING_CHOICE: ShapeOf<EtcdTuningProps> = {
  profile: oneOf(TuningProfile, "TuningProfile"),
  heartbeatMs: number,
  electionMs: number,
};

/** What {@link EtcdTuningProps} are made of. */
export const ETCD_TUNING = shape<EtcdTuningProps>(TUNING_CHOICE);

const tuning = { by: "tuning", written: writtenTuning };

/** Props of a cluster whose place `tuning` took. */
export const FORMER_TUNING: FormerProps = { tuningProfile: tuning, heartbeatMs: tuning, electionMs: tuning };

/** The tuning that says the same. */
function writtenTuning(given: Readonly<Record<string, unknown>>): string {
  const names: Readonly<Record<string, string>> = Object.fromEntries(
    Object.entries(TuningProfile).map(([name, profile]) => [profile, `TuningProfile.${name}`]),
  );
  const { tuningProfile, heartbeatMs, electionMs } = given;
  const props = [
    ["profile", tuningProfile, names[String(tuningProfile)] ?? written(tuningProfile)],
    ["heartbeatMs", heartbeatMs, written(heartbeatMs)],
    ["electionMs", electionMs, written(electionMs)],
  ] as const;
  return writtenProps(props.filter(([, value]) => value !== undefined).map(([prop, , text]) => [prop, text]));
}
