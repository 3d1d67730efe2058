import { assertEquals } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import type { Split } from "../../lib/data/dataset.ts";
import { stream } from "../../lib/values/random.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { trainInputs } from "../../lib/training/train_inputs.ts";
import { needs } from "../support/needs.ts";

const schedule = sgd({ epochs: 3, batch: 4, lr: 0.1, drops: { at: [1], by: 0.5 } });

await needs(
  [],
  "trainInputs: repeated images come in a row, from any batch and worker on, with their repeats",
  async () => {
    const sizes = { size: 8, train: 300, test: 2, classes: 5, repeats: 3 };
    const opened = await synthetic(sizes).open("");
    const reads: number[][] = [];
    const train: Split = {
      ...opened.train,
      read(indices, draw) {
        reads.push([...draw!.repeats!]);
        return opened.train.read(indices, draw);
      },
    };
    const of = async (batch: number, rank = 0, workers = 1) => {
      const source = { task: classification, split: train, image: opened.image };
      const place = { epoch: 2, batch, step: 0 };
      const share = { rank, workers };
      reads.length = 0;
      const inputs = trainInputs(source, [schedule], 7, place, undefined, share);
      const indices = (await Array.fromAsync(inputs)).map(({ index }) => [...index.data]);
      return { indices, repeats: reads.slice(0, indices.length) };
    };
    const order = stream(7, "shuffle/2").permutation(300);
    const all = await of(0);
    assertEquals(
      all.indices.flat(),
      Array.from({ length: 256 }, (_, i) => order[Math.floor(i / 3)]),
    );
    assertEquals(all.repeats.flat(), Array.from({ length: 256 }, (_, i) => i % 3));
    const rest = await of(50);
    assertEquals(rest, { indices: all.indices.slice(50), repeats: all.repeats.slice(50) });
    const second = await of(50, 1, 2);
    const odd = (batches: readonly number[][]) =>
      batches.map((batch) => batch.filter((_, i) => i % 2 === 1));
    assertEquals(second, { indices: odd(rest.indices), repeats: odd(rest.repeats) });
  },
);

await needs(
  [],
  "trainInputs: an epoch's batches in the order of its own shuffle, the last one smaller",
  async () => {
    const opened = await synthetic({ size: 8, train: 10, test: 2, classes: 5 }).open("");
    const { train } = opened;
    const of = async (epoch: number, batch: number, limit?: number) =>
      await Array.fromAsync(
        trainInputs(
          { task: classification, split: train, image: opened.image },
          [schedule],
          7,
          { epoch, batch, step: 20 },
          limit,
        ),
      );
    const all = await of(2, 0);
    const order = stream(7, "shuffle/2").permutation(10);
    assertEquals(all.flatMap(({ index }) => [...index.data]), [...order]);
    assertEquals(all.flatMap(({ label }) => [...label.data]), Array.from(order, (i) => i % 5));
    assertEquals(all.map(({ image }) => image.shape), [[4, 8, 8, 3], [4, 8, 8, 3], [2, 8, 8, 3]]);
    assertEquals(all.map(({ step, epoch }) => [step.data[0], epoch.data[0]]), [[20, 2], [21, 2], [
      22,
      2,
    ]]);
    assertEquals(new Set(all.map(({ rate }) => rate.data[0])), new Set([Math.fround(0.05)]));

    const indices = (inputs: typeof all) => inputs.map(({ index }) => [...index.data]);
    assertEquals(indices(await of(2, 1)), indices(all.slice(1)), "goes on within the epoch");
    assertEquals(indices(await of(2, 1, 2)), indices(all.slice(1, 2)), "at most so many an epoch");
    assertEquals(indices(await of(2, 3)), []);
  },
);
