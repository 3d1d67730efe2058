import { assert, assertEquals } from "@std/assert";
import { savedModel } from "../../lib/export/saved_model.ts";
import { inTemporary } from "../support/temporary.ts";
import { assertLogits, detector, images, logits, models, objects } from "../support/models.ts";
import { needsPython, runPython } from "../support/python.ts";
import { assertNear } from "../support/tolerance.ts";

/** A detector's outputs by name. */
type FoundObjects = Readonly<Record<string, readonly number[]>>;

await needsPython(
  ["tensorflow"],
  "saved model: Python's TensorFlow loads it and gives the same logits",
  () =>
    inTemporary(async (folder) => {
      const cases = [];
      const expected: Float32Array[][] = [];
      for (const model of models) {
        const at = `${folder}/${model.network.id}`;
        const batches = [1, 3].map((batch) => images(model, batch));
        await Deno.mkdir(at);
        for (const [path, bytes] of await savedModel.files(model)) {
          await Deno.writeFile(`${at}/${path}`, bytes as Uint8Array);
        }
        cases.push({
          folder: at,
          shape: model.image,
          batches: batches.map((images) => [...images]),
        });
        expected.push([await logits(model, batches[0]), await logits(model, batches[1])]);
      }
      const found = await runPython("load_saved_model.py", [], cases) as number[][][];
      assertEquals(found.length, models.length);
      for (const [i, batches] of found.entries()) {
        batches.forEach((logits, j) => assertLogits(models[i].network.id, logits, expected[i][j]));
      }
    }),
);

await needsPython(
  ["tensorflow"],
  "saved model: Python's TensorFlow loads a detector and finds the same objects",
  () =>
    inTemporary(async (folder) => {
      const size = [48, 64];
      const subject = detector();
      for (const [path, bytes] of await savedModel.files(subject)) {
        await Deno.writeFile(`${folder}/${path}`, bytes as Uint8Array);
      }
      const batch = images(subject, 1);
      const cases = [{ folder, shape: subject.image, batches: [[...batch]], size }];
      const [[found]] = await runPython("load_saved_model.py", [], cases) as FoundObjects[][];
      const ours = await objects(subject, batch, size);
      assertEquals(Object.keys(found).sort(), Object.keys(subject.task.predictions!).sort());
      assert(ours.mask.filter((taken) => taken).length > 0, "nothing was found");
      for (const [name, values] of Object.entries(ours)) {
        assertNear(name, Float32Array.from(found[name]), values, 1e-4);
      }
    }),
);
