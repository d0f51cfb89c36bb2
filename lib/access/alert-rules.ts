import type { TemplateVariables } from "../terraform/templates";
import { asItIs, PLAIN_NAME, plainName } from "../terraform/writers";
import { read, shape, shown, text } from "../validation";
import { ValidationError } from "../validation-error";
import type { AccessModel } from "./client-access";

/** What Prometheus calls the cluster. */
export interface EtcdAlertRulesProps {
  /**
   * The scrape job's name. Its targets, one for each member, must carry the label `member` with the member's name: the
   * thresholds differ from pair to pair, and etcd's metrics know ids only.
   *
   * @default - the id of the EtcdCluster
   */
  readonly job?: string;
}

/** What {@link EtcdAlertRulesProps} are made of. */
const ALERT_RULES = shape<EtcdAlertRulesProps>({ job: text });

/** Bringing the leader back takes a few minutes; alert when it has been elsewhere for this long. */
const LEADER_AWAY_MINUTES = 15;
/** A return may take this many settle times: each further change of leadership doubles the wait. */
const SETTLE_TIMES = 4;
/** Shorter times without a leader are usual during a restart. */
const LEAST_NO_LEADER_SECONDS = 60;

/**
 * The scrape job's name.
 *
 * @throws ValidationError when it has characters that are syntax in the rules
 */
export function jobName(props: EtcdAlertRulesProps, byDefault: string): string {
  read("alertRules", props, ALERT_RULES);
  const job = props.job ?? byDefault;
  if (new RegExp(PLAIN_NAME, "u").test(job)) return job;
  throw new ValidationError({
    what: "alertRules.job",
    given: shown(job),
    expected: "letters, digits and _ . / : -",
    mend: "name the scrape job so, or leave it out for the cluster's id",
  });
}

/**
 * What templates/access/alerts.yaml.tftpl is given: thresholds in seconds, as Prometheus has them, all from the tuning.
 *
 * @internal
 */
export function alertRuleVariables(model: AccessModel, job: string): TemplateVariables {
  const { members, quorum, tuning, leader, roundTripTimes } = model;
  const seconds = (ms: number): number => ms / 1000;
  return {
    job: plainName(job),
    quorum: quorum.quorumSize,
    members: members.length,
    pairs: members.flatMap((a, index) =>
      members.slice(index + 1).map((b) => ({
        a: plainName(a.name),
        b: plainName(b.name),
        threshold: seconds(tuning.peerRoundTripAlertBetweenMs(a.location, b.location)),
        usual_ms: Math.round(roundTripTimes.p95Between(a.location, b.location)),
      })),
    ),
    commit_seconds: seconds(tuning.commitAlertMs),
    request_seconds: seconds(tuning.requestAlertMs),
    failover_seconds: seconds(tuning.failoverMs),
    no_leader_seconds: Math.max(LEAST_NO_LEADER_SECONDS, Math.ceil(2 * seconds(tuning.failoverMs))),
    preferred: plainName(members[0].name),
    // Empty where every member is as good a place as the preferred one.
    worse_placed: asItIs(
      leader.order
        .filter((name) => !leader.wellPlaced.includes(name))
        .map(plainName)
        .join("|"),
    ),
    away_minutes: Math.max(LEADER_AWAY_MINUTES, Math.ceil((SETTLE_TIMES * leader.settleSeconds) / 60)),
  };
}
