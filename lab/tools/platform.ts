import { ToolError } from "./tool-error";

/** A processor architecture, by its name in Go, Terraform and Debian. */
export type Arch = "amd64" | "arm64";

/** The architecture of this host, and so of the lab's machines. */
export function hostArch(): Arch {
  if (process.arch === "x64") return "amd64";
  if (process.arch === "arm64") return "arm64";
  throw new ToolError(`The lab does not know the processor "${process.arch}".`, "Run it on amd64 or arm64.");
}
