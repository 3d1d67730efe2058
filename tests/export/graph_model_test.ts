import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { graphModel } from "../../lib/export/graph_model.ts";
import type { Files } from "../../lib/export/format.ts";
import type { ExportedModel } from "../../lib/export/model.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { assertLogits, detector, images, logits, models } from "../support/models.ts";

/** Loads a graph model as tfjs does from files. */
function load(files: Files): Promise<tf.GraphModel> {
  const json: tf.io.ModelJSON = JSON.parse(files.get("model.json") as string);
  return tf.loadGraphModel({
    load: () =>
      tf.io.getModelArtifactsForJSON(json, async (manifest) => {
        const shards = manifest.flatMap(({ paths }) => paths).map((path) =>
          files.get(path) as Uint8Array<ArrayBuffer>
        );
        assert(shards.every(({ length }) => length <= 4 * 2 ** 20));
        return [manifest.flatMap(({ weights }) => weights), await new Blob(shards).arrayBuffer()];
      }),
  });
}

async function assertSameLogits(model: ExportedModel): Promise<void> {
  const files = await graphModel.files(model);
  const batches = [1, 3].map((batch) => images(model, batch));
  const ours = [await logits(model, batches[0]), await logits(model, batches[1])];
  await tf.setBackend("cpu");
  const loaded = await load(files);
  assertEquals(loaded.inputs.map(({ name, shape }) => [name, shape]), [["images", [
    -1,
    ...model.image,
  ]]]);
  batches.forEach((images, i) => {
    const found = tf.tidy(() =>
      loaded.predict(tf.tensor(images, [[1, 3][i], ...model.image])) as tf.Tensor
    );
    assertEquals(found.shape, [[1, 3][i], model.classes.length]);
    assertLogits(model.network.id, found.dataSync(), ours[i]);
    found.dispose();
  });
  loaded.dispose();
}

for (const model of models) {
  await needs(
    everything,
    `graph model: tfjs alone loads ${model.network.id} and gives the same logits`,
    () => assertSameLogits(model),
  );
}

Deno.test("graph model: a detector is refused", async () => {
  const failure = await assertRejects(
    () => graphModel.files(detector()),
    Failure,
    "take --format savedmodel",
  );
  assertEquals(failure.exit, 2);
});
