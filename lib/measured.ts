import { evaluate } from "./evaluate.ts";
import { percentage } from "./percentage.ts";
import type { Prepared } from "./prepare.ts";
import type { Resolved } from "./resolve.ts";
import type { TeacherRecord, Trial } from "./result.ts";
import type { Progress } from "./run_folder.ts";
import type { Score } from "./tasks/task.ts";

/** The trial that a run has become, at its end: the student is measured beside its teacher once more. */
export async function measured(
  { declaration, seed, quick }: Resolved,
  { compare, opened, heldOut, tensorflow }: Prepared,
  { epoch: epochs, best, last, held, precision, backend, seconds, stepSeconds }: Progress,
  teachers: readonly TeacherRecord[],
  commit: string | null,
): Promise<Trial> {
  const kl = compare && (await evaluate(compare, opened.test, opened.image)).kl;
  const both = (pick: (score: Score) => number) => ({
    last: percentage(pick(last!)),
    best: percentage(pick(best!.score)),
  });
  return {
    seed,
    declaration,
    epochs,
    metric: {
      top1: both((s) => s.top1),
      top5: both((s) => s.top5),
      ...(kl === undefined ? {} : { kl }),
      ...(held ? { heldOut: { last: percentage(held.top1), best: percentage(best!.chosen) } } : {}),
    },
    bestEpoch: best!.epoch,
    teachers,
    precision: precision as Trial["precision"],
    backend,
    tensorflow,
    holdout: heldOut?.split.size ?? null,
    seconds: Math.round(seconds * 10) / 10,
    ...(stepSeconds === undefined ? {} : { stepSeconds: Number(stepSeconds.toPrecision(4)) }),
    commit,
    quick: quick !== undefined,
  };
}
