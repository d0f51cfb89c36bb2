import { flag, lateText, number, required, secret, shape } from "../validation";

/** Where backups go beside the members' own disks: any storage that speaks S3. */
export interface EtcdBackupStorageProps {
  /** URL of the S3 API, for example "https://s3.eu-west-1.example.com". */
  readonly endpoint: string;
  /**
   * Accept an endpoint without TLS. What is stored is encrypted before it leaves the machine in any case.
   * @default false
   */
  readonly allowInsecureEndpoint?: boolean;
  /** Region as the storage names it, for example "ams3"; "us-east-1" where the storage has none. */
  readonly region: string;
  /** Name of the bucket, which must exist. */
  readonly bucket: string;
  /**
   * Folder within the bucket, without slashes at its ends. No two clusters may share one: where two have the same id,
   * for example in two stacks, give each its own. The first backup marks the folder as its cluster's, and backups of
   * another cluster fail there.
   * @default - the id of the EtcdCluster
   */
  readonly prefix?: string;
  /** Access key id; may read, write, list and delete objects below the prefix. One line without "%(". */
  readonly accessKeyId: string;
  /** Secret access key, one line without "%("; best a TerraformVariable marked sensitive. */
  readonly secretAccessKey: string;
  /**
   * What the backups are encrypted with, one line of at least 16 characters, to the byte; best a TerraformVariable marked sensitive. Keep it
   * elsewhere as well: without it no backup can be read.
   */
  readonly passphrase: string;
  /**
   * How many days a backup is kept in the storage.
   * @default 30
   */
  readonly keepDays?: number;
  /**
   * How many of the newest backups stay in the storage however old they are.
   * @default 8, two days' worth at the default interval
   */
  readonly keepAtLeast?: number;
}

/** How often the cluster is backed up, and where the backups are kept. */
export interface EtcdBackupProps {
  /**
   * Hours between two backups, a divisor of 24: they are taken at fixed hours of the day, UTC.
   * @default 6
   */
  readonly intervalHours?: number;
  /**
   * How many backups the machine that took them keeps on its own disk, 1 to 100.
   * @default 2
   */
  readonly keepLocal?: number;
  /**
   * Storage that outlives the machines.
   * @default - none: backups are on the machines' disks alone
   */
  readonly storage?: EtcdBackupStorageProps;
}

/** What {@link EtcdBackupProps} are made of. */
export const BACKUP = shape<EtcdBackupProps>({
  intervalHours: number,
  keepLocal: number,
  storage: shape<EtcdBackupStorageProps>({
    endpoint: required(lateText),
    allowInsecureEndpoint: flag,
    region: required(lateText),
    bucket: required(lateText),
    prefix: lateText,
    accessKeyId: required(secret),
    secretAccessKey: required(secret),
    passphrase: required(secret),
    keepDays: number,
    keepAtLeast: number,
  }),
});
