/** The errors in Terraform's output, and its remote scripts' lines that begin with a word and a colon, as "error: ". */
export function errorsIn(output: string): string {
  const lines = output.split("\n");
  const said = lines.filter((line) => /\(remote-exec\): +[a-z]+: /.test(line));
  const first = lines.findIndex((line) => line.includes("Error: "));
  return [...said, ...(first < 0 ? lines.slice(-15) : lines.slice(first, first + 12))].join("\n");
}

/** Terraform's output in one line, without the line breaks and frames that it puts around messages. */
export function unwrapped(output: string): string {
  return output.replace(/\n[│ ]*/g, " ");
}

/** The errors that Terraform ended with, each in one line. */
export function terraformErrors(output: string): string[] {
  const [, ...errors] = output.split(/^[│ ]*Error: /m);
  return errors.map((error) => unwrapped(error).trim());
}

/** The ids of the droplets in a plan's warning of droplets that Terraform does not know of. */
export function orphansIn(output: string): number[] {
  const warning = /that Terraform does not know of: (.*?) A deploy/.exec(unwrapped(output))?.[1] ?? "";
  return [...warning.matchAll(/ id (\d+),/g)].map(([, id]) => Number(id));
}
