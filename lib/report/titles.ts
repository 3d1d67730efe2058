import type { Task } from "../tasks/task.ts";

/** The images that a measure is of, by the start of its tag. */
const OF: { readonly [start: string]: string } = {
  train: "training",
  test: "test",
  average: "test, moving average",
  holdout: "hold-out",
};

/** Tags of a log that are no measure of a task. */
const TITLES: { readonly [tag: string]: string } = {
  "lr": "learning rate",
  "train/loss": "loss",
  "train/kl": "KL to the teacher, training",
  "perf/images_per_second": "images per second",
  "perf/data_seconds": "seconds of waiting for data",
  "perf/seconds": "seconds of an epoch",
  "perf/rss_mb": "memory (MB)",
};

/** The starts of tags that name a part of the method. */
const PARTS: { readonly [start: string]: string } = {
  "train/loss/": "loss: ",
  "train/grad/": "norm of the gradient: ",
  "train/report/": "",
};

/** The title of a tag in a log: `top-1, test (%)` of `test/top1`. */
export function tagTitle(tag: string, { measures }: Task): string {
  const part = Object.entries(PARTS).find(([start]) => tag.startsWith(start));
  if (part) return part[1] + tag.slice(part[0].length);
  const [start, name] = tag.split("/");
  const measure = measures[name];
  if (measure && OF[start]) {
    return `${measure.title}, ${OF[start]}${measure.isPercentage ? " (%)" : ""}`;
  }
  return TITLES[tag] ?? tag;
}
