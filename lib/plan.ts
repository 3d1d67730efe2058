import { batches } from "./batches.ts";
import type { Experiment } from "./experiment.ts";
import type { Player } from "./network.ts";
import { prepare } from "./prepare.ts";
import { stream } from "./random.ts";
import { resolve } from "./resolve.ts";
import { scheduled, type Settings } from "./settings.ts";
import { previewStages } from "./stages.ts";
import { clock } from "./status.ts";
import { preview } from "./teachers.ts";

/** Steps that are timed; the first one traces and does not count. */
const STEPS = 4;

/**
 * What a run would do, in lines: everything is resolved, the step is traced and run on a few batches, nothing is written. A
 * missing teacher or first stage takes part untrained.
 */
export async function plan(experiment: Experiment, seed: number, settings: Settings): Promise<string[]> {
  const resolved = await resolve(experiment, seed, settings);
  const teachers = await Promise.all(experiment.teachers.map((teacher) => preview(teacher, resolved.root, settings)));
  const stages = await previewStages(experiment, settings);
  const weights = teachers.map(({ weights }) => weights);
  const prepared = await prepare(experiment, seed, weights, stages, { ...settings, dry: true });
  try {
    const { train, heldOut, opened, student, step } = prepared, schedule = scheduled(experiment, settings);
    const order = stream(seed, "shuffle/1").permutation(train.size), times: number[] = [];
    let terms: string[] = [];
    const source = { task: experiment.dataset.task, split: train, image: opened.image };
    for await (const batch of batches(source, order, schedule.batch, { seed, epoch: 1 })) {
      const begun = performance.now();
      const values = await step({
        ...batch,
        rate: { shape: [], data: Float32Array.of(schedule.rate(1)) },
        epoch: { shape: [], data: Float32Array.of(1) },
        step: { shape: [], data: Int32Array.of(times.length) },
      });
      times.push(performance.now() - begun);
      terms = Object.entries(values.terms).map(([name, [value]]) => `${name} ${value.toFixed(4)}`);
      if (times.length === STEPS) break;
    }
    const count = Math.min(settings.limit ?? Infinity, Math.ceil(train.size / schedule.batch));
    const each = Math.min(...times.slice(times.length > 1 ? 1 : 0));
    const size = ({ recipe: { id }, parameters, multiplyAdds }: Player) =>
      `${id}, ${parameters.toLocaleString("en")} parameters, ${multiplyAdds.toLocaleString("en")} multiply-adds`;
    const rows: [string, string][] = [
      [
        "experiment",
        `${resolved.identity.id} seed ${seed}: ${resolved.state}${resolved.quick ? `, ${resolved.quick}` : ""}`,
      ],
      [
        "data",
        `${experiment.dataset.id}: ${train.size} train${heldOut ? ` + ${heldOut.split.size} held out` : ""}, ` +
        `${opened.test.size} test, ${opened.classes.length} classes, ${opened.image.join("×")}`,
      ],
      ["student", size(student)],
      ...teachers.map(({ text }, i): [string, string] => ["teacher", `${size(prepared.teachers[i])}; ${text}`]),
      ...stages.lines.map((line): [string, string] => ["first stage", line]),
      ["distiller", `${experiment.distiller.id} ${JSON.stringify(experiment.distiller.options)}`],
      ["terms", terms.join(", ")],
      ["schedule", `${schedule.epochs} epochs of ${count} batches of ${schedule.batch}, lr ${rates(schedule)}`],
      ["a step", `${each.toFixed(1)} ms (tracing and the first one ${(times[0] / 1000).toFixed(1)} s)`],
      [
        "in all",
        `${clock(each * count * schedule.epochs / 1000)} without evaluation${
          teachers.every(({ weights }) => weights) ? "" : " and teachers"
        }${stages.areThere ? "" : " and first stages"}`,
      ],
      ["folder", resolved.folder.path],
    ];
    return rows.map(([name, value]) => `${name.padEnd(11)} ${value}`);
  } finally {
    prepared.close();
  }
}

/** The learning rates of a schedule and the epochs from which they hold. */
function rates({ epochs, rate }: ReturnType<typeof scheduled>): string {
  const parts: string[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    if (epoch === 1 || rate(epoch) !== rate(epoch - 1)) {
      parts.push(`${+rate(epoch).toPrecision(6)}${epoch > 1 ? ` from ${epoch}` : ""}`);
    }
  }
  return parts.join(", ");
}
