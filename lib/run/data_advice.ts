import type { Split } from "../data/dataset.ts";
import { workerCount } from "../data/pixel_worker.ts";
import type { StepsTime } from "./run_folder.ts";

/** The share of an epoch, and its seconds, from which waiting for data is worth a word. */
const SHARE = 0.1;
const SECONDS = 1;

/**
 * Makes a function of the times of epochs on a split. It returns advice once: after the first epoch
 * in which the step waited for data a second or more, and more than a tenth of the time. The first
 * call never counts, because a split may fill its cache in that epoch. There is advice only where
 * workers prepare images.
 */
export function dataAdvice(
  split: Pick<Split, "source" | "pictures">,
): (time: StepsTime) => string | undefined {
  const work = workOf(split);
  let isFirst = true;
  let isGiven = work === undefined;
  return ({ waited, trained }) => {
    const isShort = isFirst || waited < SECONDS || waited <= SHARE * trained;
    isFirst = false;
    if (isGiven || isShort) return undefined;
    isGiven = true;
    return `waits for data ${Math.round(100 * waited / trained)} % of the time: ${work}`;
  };
}

/** What workers do with the images of a split, and what makes it faster. `undefined`: nothing. */
function workOf({ source, pictures }: Pick<Split, "source" | "pictures">): string | undefined {
  const workers = `${workerCount} worker${workerCount === 1 ? "" : "s"}`;
  const count = `${workers}, one per processor and at most 16`;
  if (source) {
    return `${count}, decode image files; files that you scale down decode faster, but are other data ` +
      "and need a new run; if processors idle meanwhile, the disk is slow";
  }
  return pictures ? `${count}, change images by their policies` : undefined;
}
