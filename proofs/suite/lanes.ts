/** Something that a lane does. */
export interface Task {
  /** About how long it takes; for the order only. */
  readonly seconds: number;
  /** Whether nothing else may run beside it. */
  readonly alone: boolean;
  readonly run: () => Promise<void>;
}

/**
 * Does all tasks, up to `lanes` of them at once: those that take longest begin first, so that the lanes end at about the same time; those that
 * have to be alone come first of all.
 *
 * @throws what the first task throws, once those that run have ended; no other begins then
 */
export async function inLanes(tasks: readonly Task[], lanes: number): Promise<void> {
  for (const task of tasks.filter(({ alone }) => alone)) await task.run();
  const queue = tasks.filter(({ alone }) => !alone).sort((a, b) => b.seconds - a.seconds);
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined && failure === undefined; task = queue.shift()) {
      try {
        await task.run();
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failure !== undefined) throw failure.error;
}
