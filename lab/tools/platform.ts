import { ToolError } from "./tool-error";

/** This machine's processor, as Go, Terraform and Debian all call it. */
export type Arch = "amd64" | "arm64";

/** The architecture that the lab's machines share with this one. */
export function hostArch(): Arch {
  if (process.arch === "x64") return "amd64";
  if (process.arch === "arm64") return "arm64";
  throw new ToolError(`The lab does not know the processor "${process.arch}".`, "Run it on amd64 or arm64.");
}
