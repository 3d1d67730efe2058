import type { CompiledStep, Values } from "../engine/engine.ts";
import type { Input, Inputs } from "../values/input.ts";
import type { ByTrial, PartInput, TrainInput, TrainValues } from "./step.ts";

type StepValues = Values<ByTrial<TrainValues>>;

/**
 * A training step that takes a batch in `parts` parts: `accumulate` all but the last one, which is
 * for `finish`. Returns the values of the whole batch. A batch of fewer images has fewer parts.
 */
export function inParts(
  parts: number,
  accumulate: CompiledStep<TrainInput | PartInput, ByTrial<TrainValues>>,
  finish: CompiledStep<TrainInput | PartInput, ByTrial<TrainValues>>,
): CompiledStep<TrainInput, ByTrial<TrainValues>> {
  return async (inputs) => {
    const count = Math.min(parts, inputs.index.shape[0]);
    const values: StepValues[] = [];
    for (let part = 0; part < count; part++) {
      const step = part < count - 1 ? accumulate : finish;
      values.push(await step(partOf(inputs, part, parts)));
    }
    return join(values);
  };
}

/** Every `parts`-th image of a batch, from number `part` on. */
export function partOf(
  { rate, epoch, step, ...batch }: Inputs<TrainInput>,
  part: number,
  parts: number,
): Inputs<TrainInput | PartInput> {
  const rows = Object.entries<Input>(batch).map(([name, input]) => [
    name,
    rowsOf(input, part, parts),
  ]);
  const number: Input = { shape: [], data: Int32Array.of(part) };
  return { rate, epoch, step, part: number, ...Object.fromEntries(rows) };
}

function rowsOf({ shape: [images, ...shape], data }: Input, part: number, parts: number): Input {
  const size = data.length / images;
  const count = Math.ceil((images - part) / parts);
  const rows = data.slice(0, count * size);
  for (let i = 0; i < count; i++) {
    const from = (part + i * parts) * size;
    rows.set(data.subarray(from, from + size), i * size);
  }
  return { shape: [count, ...shape], data: rows };
}

/** The values of a batch from those of its parts: sums, and means over all images. */
function join(parts: readonly StepValues[]): StepValues {
  const trials = Object.keys(parts[0]);
  return Object.fromEntries(
    trials.map((trial) => [trial, joinTrial(parts.map((values) => values[trial]))]),
  );
}

function joinTrial(parts: readonly Values<TrainValues>[]): Values<TrainValues> {
  const total = (number: (part: Values<TrainValues>) => number) =>
    parts.reduce((sum, part) => sum + number(part), 0);
  const images = total(({ images }) => images[0]);
  const mean = (of: (part: Values<TrainValues>) => Float32Array) =>
    Float32Array.of(total((part) => of(part)[0] * part.images[0]) / images);
  const [{ terms, reports, sums }] = parts;
  const each = (
    named: { readonly [name: string]: Float32Array },
    join: (name: string) => Float32Array,
  ) => Object.fromEntries(Object.keys(named).map((name) => [name, join(name)]));
  return {
    images: Float32Array.of(images),
    loss: mean(({ loss }) => loss),
    terms: each(terms, (name) => mean(({ terms }) => terms[name])),
    reports: each(reports, (name) => mean(({ reports }) => reports[name])),
    sums: each(sums, (name) => Float32Array.of(total(({ sums }) => sums[name][0]))),
  };
}
