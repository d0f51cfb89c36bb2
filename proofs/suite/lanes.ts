/** A task for a lane. */
export interface Task {
  /** Estimated duration, for the order only. */
  readonly seconds: number;
  /** Whether nothing else may run beside it. */
  readonly alone: boolean;
  readonly run: () => Promise<void>;
}

/**
 * Runs all tasks, up to `lanes` of them at once. The longest are started first, so that lanes end at about the same time;
 * those that must run alone come before all others.
 *
 * @throws the first error of a task, after the running ones have ended; no more are started then
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
