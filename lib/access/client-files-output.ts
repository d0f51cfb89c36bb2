/** Stands in the files' contents for the directory that they will lie in, always between single quotes or in a comment. */
export const DIRECTORY = "@DIRECTORY@";

/**
 * First part of the names of a client's outputs.
 *
 * @param prefix that of its cluster's
 */
export function clientOutputs(prefix: string, client: string): string {
  return `${prefix}_client_${client.replace(/-/g, "_")}`;
}

/** Name of the output with a client's files: content by name. It exists where deploys write none. */
export function clientFilesOutput(prefix: string, client: string): string {
  return `${clientOutputs(prefix, client)}_files`;
}

/** A file's content as it is in that directory. */
export function inDirectory(content: string, directory: string): string {
  // As the templates quote for the shell.
  return content.split(DIRECTORY).join(directory.split("'").join("'\\''"));
}
