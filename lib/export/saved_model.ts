import { encodeSavedModel } from "../tensorflow/messages.ts";
import { FROZEN_LIMITS, frozenGraph } from "./frozen_graph.ts";
import type { Format } from "./format.ts";
import { inputName } from "./model.ts";

/**
 * TensorFlow's SavedModel: one graph with the tag `serve` and the signature `serving_default`. Its
 * weights are constants.
 */
export const savedModel: Format = {
  title: "TensorFlow SavedModel",
  library: () => "tensorflow",
  layout: () => "NHWC",
  async files(model) {
    const { graph, signature, tensorflow } = await frozenGraph(model);
    const bytes = encodeSavedModel([{
      metaInfoDef: { tags: ["serve"], tensorflowVersion: tensorflow },
      graphDef: graph,
      signatureDef: { serving_default: signature },
    }]);
    return new Map([["saved_model.pb", bytes]]);
  },
  loading: ({ image, task: { predictsFrom = {}, predictions } }) => {
    const others = Object.entries(predictsFrom).map(([label, { shape, example }]) =>
      `${inputName(label)}=tf.constant([${example(image).join(", ")}], tf.float32, [1, ${
        shape.join(", ")
      }])`
    );
    return `\`\`\`python
import json
import numpy as np
import tensorflow as tf

facts = json.load(open("preprocessing.json"))
run = tf.saved_model.load(".").signatures["serving_default"]
pixels = np.zeros([1, ${image.join(", ")}])  # images, 0 to 255
images = (pixels / 255 - facts["mean"]) / facts["std"]
${
      predictions
        ? `found = run(${["images=tf.constant(images, tf.float32)", ...others].join(", ")})
for name in facts["outputs"]:
    print(name, found[name].numpy())`
        : `logits = run(images=tf.constant(images, tf.float32))["logits"].numpy()
print([facts["classes"][best] for best in logits.argmax(1)])`
    }
\`\`\``;
  },
  limits: [FROZEN_LIMITS],
};
