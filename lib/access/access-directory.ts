import * as path from "node:path";
import { Annotations } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { claim } from "../terraform/claims";
import { lateLiteral } from "../terraform/literal";
import { shown } from "../validation";
import { ValidationError } from "../validation-error";
import { relativeToStack } from "../terraform/stack-path";
import { DEFAULT_ACCESS_DIRECTORY } from "./default-directory";

/** What an {@link AccessDirectory} is made of. */
export interface AccessDirectoryProps {
  /** The directory that was chosen, relative to where the app runs, or absolute; undefined for the default. */
  readonly given?: string;
  /** Whether it belongs to somebody who only uses a cluster: its files give way to those of a cluster. */
  readonly ofReference?: boolean;
}

const WANTED = Symbol.for("cdktf-etcd/wanted-files");

type Wanting = IConstruct & { [WANTED]?: Map<string, Set<AccessDirectory>> };

/**
 * Where one cluster's files for clients and operators go. By default that is one directory for the whole app, as long as
 * no two clusters would write the same file there: those that would have one each, which the cluster's path in the app
 * names. So a cluster that is alone has the short path, and which of them is declared first means nothing: else a script
 * that reads a file would find another cluster's keys there after an edit that has nothing to do with it.
 */
export class AccessDirectory {
  private readonly wanted = new Set<string>();
  /** An app may be synthesized again. */
  private told = false;

  /** @param owner the cluster */
  public constructor(
    private readonly owner: Construct,
    private readonly props: AccessDirectoryProps,
  ) {
    // All is declared when CDKTF validates, and what was said of constructs is collected after that.
    owner.node.addValidation({ validate: () => this.tellOfMove() });
  }

  /**
   * Takes a file for the one construct that writes it.
   *
   * @param name relative to the directory
   * @returns its path for Terraform
   * @throws ValidationError if the file was taken before, or another cluster of the app writes that very file, by the
   * directory that it was given
   */
  public take(by: Construct, name: string): string {
    const { given } = this.props;
    const file = path.resolve(given ?? DEFAULT_ACCESS_DIRECTORY, name);
    if (this.wanted.has(file)) throw this.writtenTwice(name);
    if (given !== undefined) this.claim(by, name);
    this.wanted.add(file);
    this.wantedInApp.set(file, (this.wantedInApp.get(file) ?? new Set()).add(this));
    return lateLiteral(() => {
      // Where the default leads to might be a directory that another cluster was given.
      this.claim(by, name);
      return this.seenFromStack(by, name);
    });
  }

  /** The path of something in it for Terraform. */
  public pathOf(by: Construct, name: string): string {
    return lateLiteral(() => this.seenFromStack(by, name));
  }

  private seenFromStack(by: Construct, name: string): string {
    return `${relativeToStack(by, this.directory)}/${name}`;
  }

  private writtenTwice(name: string): ValidationError {
    return new ValidationError({
      what: `file ${this.directory}/${name}`,
      given: "twice",
      expected: "a file to be written only once",
      mend: "leave out one of the two calls that write it",
    });
  }

  private claim(by: Construct, name: string): void {
    const { directory } = this;
    claim(by.node.root, `file ${path.resolve(directory, name)}`, by, () => ({
      what: `file ${directory}/${name}`,
      expected: "a file to be written only once: else one cluster's keys replace another's",
      mend: `leave the directory out for the default, or give this one its own: ${this.prop}: ${shown(this.ownDirectory)}`,
    }));
  }

  private get prop(): string {
    return this.props.ofReference === true ? "directory" : "accessDirectory";
  }

  private get ownDirectory(): string {
    return `${DEFAULT_ACCESS_DIRECTORY}/${this.owner.node.path}`;
  }

  /** Where a cluster ran before the other came, its files move: whoever reads them has to know. */
  private tellOfMove(): string[] {
    const { owner, directory } = this;
    const moved = directory !== (this.props.given ?? DEFAULT_ACCESS_DIRECTORY) && this.props.ofReference !== true;
    if (moved && !this.told) {
      this.told = true;
      Annotations.of(owner).addInfo(
        `Clients' files go to ${directory}, as another cluster of the app would write the same in ${DEFAULT_ACCESS_DIRECTORY}. ` +
          `To keep them there, where they are in use: accessDirectory: ${shown(DEFAULT_ACCESS_DIRECTORY)}`,
      );
    }
    return [];
  }

  private get directory(): string {
    const { given } = this.props;
    if (given !== undefined) return given;
    const shared = [...this.wanted].some((file) => this.isWantedByOthers(file));
    return shared ? this.ownDirectory : DEFAULT_ACCESS_DIRECTORY;
  }

  private isWantedByOthers(file: string): boolean {
    const others = [...(this.wantedInApp.get(file) ?? [])].filter((one) => one !== this);
    return others.some(({ props }) => this.props.ofReference === true || props.ofReference !== true);
  }

  private get wantedInApp(): Map<string, Set<AccessDirectory>> {
    return ((this.owner.node.root as Wanting)[WANTED] ??= new Map<string, Set<AccessDirectory>>());
  }
}
