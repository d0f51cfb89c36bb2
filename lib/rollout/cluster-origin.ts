import { isLate, lateText, number, read, Reader, requireInteger, required, shape, shown, text } from "../validation";
import { ValidationError } from "../validation-error";
import { Adoption, resolveAdoption, TakeoverOriginProps, TAKEOVER_ORIGIN } from "./adoption";

/** A cluster that begins without data. */
export interface EmptyOriginProps {
  /**
   * How often the cluster was founded, counting this one: count up by one to found it anew.
   * @default 1
   */
  readonly founding?: number;
}

/** A cluster that begins with the data of a backup. */
export interface BackupOriginProps {
  /**
   * Name of the backup, for example "etcd-20261122T180000Z-4711.db": in the backup storage, or a file in
   * /var/lib/etcd-backup on every machine.
   */
  readonly snapshot: string;
  /**
   * How often the cluster was founded, counting this one: count up by one to found it anew from the backup.
   * @default 1
   */
  readonly founding?: number;
}

/** A cluster that begins anew with the data of one of its members. */
export interface SurvivorOriginProps {
  /** Name of the member whose data is kept. */
  readonly member: string;
  /** How often the cluster was founded, counting this one: 2 or more, as the member's data is of a founding before it. */
  readonly founding: number;
}

/** More foundings of one cluster are taken for a typing error. */
const MOST_FOUNDINGS = 1_000_000;

const EMPTY_ORIGIN = shape<EmptyOriginProps>({ founding: number });
const BACKUP_ORIGIN = shape<BackupOriginProps>({ snapshot: required(lateText), founding: number });
const SURVIVOR_ORIGIN = shape<SurvivorOriginProps>({ member: required(text), founding: required(number) });

/** What follows from an origin. */
export interface ResolvedOrigin {
  /** How often the cluster was founded. */
  readonly founding: number;
  /** Name of the member that founds the cluster anew from its own data, if any. */
  readonly survivor?: string;
  /** Name of the backup that founders take their data from, empty for none. */
  readonly snapshot: string;
  /** The cluster that is taken over; without URLs where none is. */
  readonly adoption: Adoption;
}

/**
 * Where a cluster's data comes from, and how often it was founded. It is read only when a cluster is founded, or while
 * one is taken over: a member that holds the data of a cluster that was once healthy is never emptied, whatever is said here.
 */
export class ClusterOrigin {
  /**
   * From nothing. A `founding` that is counted up founds a new, empty cluster on the machines as they are now: only for a
   * cluster that was never healthy, or of which all data is lost for good.
   *
   * @throws ValidationError if `founding` is no whole number from 1 on
   */
  public static empty(props: EmptyOriginProps = {}): ClusterOrigin {
    readProps(props, EMPTY_ORIGIN);
    return new ClusterOrigin({ founding: foundingOf(props) });
  }

  /**
   * From a backup. Only machines that found the cluster read it: to restore one, count `founding` and the machines'
   * `generation` up by one in the same edit.
   *
   * @throws ValidationError if that is no name of a snapshot, or `founding` is no whole number from 1 on
   */
  public static fromBackup(props: BackupOriginProps): ClusterOrigin {
    readProps(props, BACKUP_ORIGIN);
    requireSnapshot(props.snapshot);
    return new ClusterOrigin({ founding: foundingOf(props), snapshot: props.snapshot });
  }

  /**
   * From the data of one member, after a majority of the members was lost for good; the others join it as new ones. To
   * be given in the edit that counts `founding` up. Writes that only lost members held are lost, acknowledged ones too.
   * Refused while the cluster commits writes, and while a member with more data answers.
   *
   * @throws ValidationError if `founding` is no whole number from 2 on
   */
  public static fromSurvivor(props: SurvivorOriginProps): ClusterOrigin {
    readProps(props, SURVIVOR_ORIGIN);
    requireLaterFounding(props);
    return new ClusterOrigin({ founding: foundingOf(props), survivor: props.member });
  }

  /**
   * From a running cluster that was made by other means: the machines join it, and its old members leave. To be taken
   * out once they have left.
   *
   * @throws ValidationError if a URL is not https or is given twice, if there is not one client URL and one peer URL for
   * each old member, if a PEM is not only certificates, or `founding` is no whole number from 1 on
   */
  public static takeOver(props: TakeoverOriginProps): ClusterOrigin {
    readProps(props, TAKEOVER_ORIGIN);
    return new ClusterOrigin({ founding: foundingOf(props), adoption: resolveAdoption(props) });
  }

  private constructor(private readonly origin: Partial<ResolvedOrigin> & Pick<ResolvedOrigin, "founding">) {}

  /** How often the cluster was founded. */
  public get founding(): number {
    return this.origin.founding;
  }

  /**
   * @param members the members' names
   * @throws ValidationError if the survivor is none of them
   * @internal
   */
  public _resolve(members: readonly string[]): ResolvedOrigin {
    const { survivor } = this.origin;
    if (survivor !== undefined && !members.includes(survivor)) {
      throw new ValidationError({
        what: "origin.member",
        given: shown(survivor),
        expected: `the name of a member: ${members.join(", ")}`,
        mend: "name the survivor whose data is to be kept",
      });
    }
    return { snapshot: "", adoption: resolveAdoption(), ...this.origin };
  }
}

function readProps(props: unknown, reader: Reader): void {
  read("origin", props, required(reader));
}

function foundingOf({ founding = 1 }: EmptyOriginProps): number {
  requireInteger("origin.founding", founding, 1, MOST_FOUNDINGS, "");
  return founding;
}

function requireLaterFounding({ member, founding }: SurvivorOriginProps): void {
  if (founding !== 1) return;
  throw new ValidationError({
    what: "origin.founding",
    given: `1 with the survivor ${shown(member)}`,
    expected: "2 or more",
    mend: "count it up by one in the same edit: the cluster is founded anew, from that member's data",
  });
}

function requireSnapshot(snapshot: string): void {
  if (isLate(snapshot) || /^[A-Za-z0-9][\w.-]*\.db$/.test(snapshot)) return;
  throw new ValidationError({
    what: "origin.snapshot",
    given: shown(snapshot),
    expected: "a file name that ends in .db, as the storage or /var/lib/etcd-backup on a machine lists it",
    mend: /\.db\.bin$/.test(snapshot)
      ? "leave out .bin, which the encryption adds to the object's name"
      : 'copy it from the list, for example "etcd-20261122T180000Z-4711.db"',
  });
}
