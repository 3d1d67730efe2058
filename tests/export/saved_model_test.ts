import { assertEquals } from "@std/assert";
import { savedModel } from "../../lib/export/saved_model.ts";
import { inTemporary } from "../support/temporary.ts";
import { assertLogits, images, logits, models } from "../support/models.ts";
import { needsPython, runPython } from "../support/python.ts";

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
