import { IEtcdHost } from "../etcd-host";
import { RCLONE_VALUE } from "../terraform/writers";
import { isLate, requireHttpsUrl, requireInteger, requireReachablePort, shown } from "../validation";
import { ValidationError } from "../validation-error";
import { EtcdBackupProps, EtcdBackupStorageProps } from "./backup-props";

/**
 * Up to this long after the hour a member's timer fires, after a fixed delay of its own, so that not all fire at once.
 */
export const JITTER_SECONDS = 600;

/** Shorter passphrases could be found by trial by whoever has the stored objects. */
const SHORTEST_PASSPHRASE = 16;

/** Storage with every default filled in. */
export interface ResolvedStorage {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly passphrase: string;
  readonly keepDays: number;
  readonly keepAtLeast: number;
}

/** Backups with every default filled in. */
export interface BackupPlan {
  /** Whether a timer takes them; by hand they can be taken in any case. */
  readonly scheduled: boolean;
  readonly intervalHours: number;
  readonly keepLocal: number;
  readonly storage?: ResolvedStorage;
  /** Age of the newest backup, in seconds, above which backups are overdue: two intervals and the delay. */
  readonly overdueSeconds: number;
}

/**
 * @param quotaGiB largest size of the database, and so of a backup
 * @throws ValidationError for values out of range, disks too small, or settings of the storage that can't work
 */
export function resolveBackup(
  props: EtcdBackupProps | undefined,
  cluster: string,
  quotaGiB: number,
  hosts: readonly IEtcdHost[],
): BackupPlan {
  const intervalHours = props?.intervalHours ?? 6;
  const keepLocal = props?.keepLocal ?? 2;
  requireInterval(intervalHours);
  requireInteger("backup.keepLocal", keepLocal, 1, 100, "backups");
  if (props !== undefined) {
    for (const host of hosts) requireRoomFor(keepLocal, quotaGiB, host);
  }
  return {
    scheduled: props !== undefined,
    intervalHours,
    keepLocal,
    storage: props?.storage === undefined ? undefined : resolveStorage(props.storage, cluster, hosts),
    overdueSeconds: 2 * intervalHours * 3600 + JITTER_SECONDS,
  };
}

function requireInterval(hours: number): void {
  if (Number.isInteger(hours) && hours >= 1 && hours <= 24 && 24 % hours === 0) return;
  throw new ValidationError({
    what: "backup.intervalHours",
    given: `${hours} hours`,
    expected: "1, 2, 3, 4, 6, 8, 12 or 24 hours",
    mend: "choose one that divides the day, so that backups fall on the same hours every day",
  });
}

/** What the database itself needs is checked with the settings: 3 x quota + 4 GiB. */
function requireRoomFor(keepLocal: number, quotaGiB: number, host: IEtcdHost): void {
  const needed = (3 + keepLocal) * quotaGiB + 4;
  if (host.diskGiB === undefined || host.diskGiB >= needed) return;
  throw new ValidationError({
    what: "backup.keepLocal",
    given: `${keepLocal} backups of up to ${quotaGiB} GiB each on ${host.diskGiB} GiB of disk of ${host.hostName}`,
    expected: `at least ${needed} GiB of disk: the system, the database up to three times, and the backups`,
    mend: "keep fewer on the machine, choose a larger size or lower settings.quotaGiB",
  });
}

function resolveStorage(props: EtcdBackupStorageProps, cluster: string, hosts: readonly IEtcdHost[]): ResolvedStorage {
  const { region, bucket, accessKeyId, secretAccessKey, passphrase } = props;
  const prefix = props.prefix ?? cluster;
  const keepDays = props.keepDays ?? 30;
  const keepAtLeast = props.keepAtLeast ?? 8;
  requireHttpsUrl("backup.storage.endpoint", props.endpoint, {
    allowHttp: props.allowInsecureEndpoint,
    allowedBy: "allowInsecureEndpoint",
    example: "https://s3.example.com",
  });
  requireReachablePort("backup.storage.endpoint", props.endpoint, hosts);
  requireShape("bucket", bucket, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name: 3 to 63 of a-z, 0-9, . and -");
  requireShape(
    "prefix",
    prefix,
    /^(?!\.{1,2}(\/|$))[\w.-]+(\/(?!\.{1,2}(\/|$))[\w.-]+)*$/,
    "names of letters, digits and _ . - with single slashes between, none of them . or ..",
  );
  requireShape("region", region, /^[\w-]+$/, 'a region\'s name, for example "ams3"');
  const isKey = (text: string): boolean => text !== "" && new RegExp(RCLONE_VALUE, "u").test(text);
  const key = 'one line of text without "%(", by which rclone\'s configuration refers to another option';
  requireSecret("accessKeyId", accessKeyId, isKey, key);
  requireSecret("secretAccessKey", secretAccessKey, isKey, key);
  requireSecret(
    "passphrase",
    passphrase,
    // It is read as one line.
    (text) => text.length >= SHORTEST_PASSPHRASE && /^[^\r\n\0]*$/.test(text),
    `one line of at least ${SHORTEST_PASSPHRASE} characters`,
  );
  requireInteger("backup.storage.keepDays", keepDays, 1, 36500, "days");
  requireInteger("backup.storage.keepAtLeast", keepAtLeast, 1, 10_000, "backups");
  const endpoint = props.endpoint.replace(/\/+$/, "");
  return { endpoint, region, bucket, prefix, accessKeyId, secretAccessKey, passphrase, keepDays, keepAtLeast };
}

function requireShape(prop: string, value: string, shape: RegExp, expected: string): void {
  if (isLate(value) || shape.test(value)) return;
  throw new ValidationError({
    what: `backup.storage.${prop}`,
    given: shown(value),
    expected,
    mend: "write it as the storage's control panel has it",
  });
}

/** The error does not show the value. */
function requireSecret(prop: string, value: string, fits: (text: string) => boolean, expected: string): void {
  if (isLate(value)) return;
  // Terraform would store another one, and nobody would know: it has composed characters alone, and UTF-8.
  const isStoredAsIs = value.normalize("NFC") === value && !/\p{Cs}/u.test(value);
  if (isStoredAsIs && fits(value)) return;
  throw new ValidationError({
    what: `backup.storage.${prop}`,
    given: `a text of ${value.length} characters`,
    expected: isStoredAsIs ? expected : "composed characters, Unicode's NFC: Terraform stores no others",
    mend: "give it as a TerraformVariable marked sensitive, so that it stands in no code",
  });
}
