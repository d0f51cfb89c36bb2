/** Called with one line for the user each time something that takes a while begins. */
export type Progress = (line: string) => void;

/** Reports nothing. */
export const silent: Progress = () => undefined;
