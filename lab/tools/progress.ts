/** Receives one short line for a person each time something that takes a while begins. */
export type Progress = (line: string) => void;

/** For callers that do not care. */
export const silent: Progress = () => undefined;
