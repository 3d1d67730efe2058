import type { QueuedTrial } from "./queue.ts";
import { scheduleOf, type Settings } from "./settings.ts";

/**
 * Prints a line for each option of a method that counts more epochs than its trial has: a default,
 * or one in a quick run, where a warm-up is as long as it is declared.
 */
export function sayLongOptions(
  waiting: readonly QueuedTrial[],
  { status }: Pick<Settings, "status">,
): void {
  const lines = waiting.flatMap(({ experiment, identity: { id }, settings }) => {
    const { epochs } = scheduleOf(experiment, settings);
    const { epochOptions = [] } = experiment.distiller;
    return epochOptions.filter(({ value }) => value > epochs).map(({ owner, option, value }) =>
      `${id}: ${owner}: \`${option}\` is ${value}, and the run has ${epochs} ` +
      (epochs === 1 ? "epoch" : "epochs")
    );
  });
  for (const line of new Set(lines)) status.line(line);
}
