import { assertAlmostEquals, assertEquals } from "@std/assert";
import { srrl } from "../../lib/distillers/srrl.ts";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import { shufflenetv1, shufflenetv2 } from "../../lib/networks/shufflenet.ts";
import { distilledVit } from "../../lib/networks/vit.ts";
import { wrn } from "../../lib/networks/wrn.ts";
import { dense, globalAveragePool } from "../../lib/nn/layers.ts";
import type { Classifier } from "../../lib/nn/network.ts";
import { stage } from "../../lib/nn/stage.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { everything, needs } from "../support/needs.ts";
import { flatten, newerCase } from "../support/newer_methods.ts";
import { termWeights } from "../support/term_weights.ts";
import { assertNear } from "../support/tolerance.ts";

await method("srrl", () => srrl());
await method("srrl beside kd", () => srrl({ kd: 1 }));
termWeights("srrl", srrl, {
  ce: ["task"],
  feature: ["feature"],
  regression: ["regression"],
  kd: ["kd"],
});
masks<"map" | "pooled" | "logits", "pooled" | "logits">("srrl", () => srrl(), {
  student: { map: [2, 2, 3], pooled: [3], logits: [5] },
  teacher: { pooled: [4], logits: [5] },
});

await needs(everything, "srrl: values and gradients of the paper's formula", async () => {
  const { inputs, terms, gradients } = await newerCase("srrl");
  for (const backend of ["cpu", "tensorflow"] as const) {
    const ours = await lossOn(srrl(), {
      student: { map: inputs.map, pooled: stage(globalAveragePool()), logits: inputs.logits },
      teacher: { pooled: inputs.teacher, logits: stage(dense(5)) },
      label: [...flatten(inputs.label)],
      values: {
        "teacher1.logits.weight": inputs.weight,
        "teacher1.logits.bias": inputs.bias,
        "distiller.connector.0.0.weight": inputs.connector,
      },
      backend,
    });
    for (const [term, value] of Object.entries(terms)) {
      assertAlmostEquals(ours.terms[term], value, 1e-5 * Math.max(1, value), term);
    }
    for (
      const [theirs, name] of [
        ["map", "student.map"],
        ["logits", "student.logits"],
        ["connector", "distiller.connector.0.0.weight"],
      ]
    ) {
      assertNear(`${backend}: ${theirs}`, ours.gradients[name], flatten(gradients[theirs]), 1e-4);
    }
  }
});

Deno.test("srrl: the connector takes the last map where the head averages it, else pooled features", () => {
  const dataset = {
    task: classification,
    augmentation: { crop: 0, flip: false },
    normalisation: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
  };
  const options = {
    seed: 1,
    image: [32, 32, 3],
    classes: 5,
    train: { size: 9, labels: new Int32Array(9) },
    schedule: sgd({ epochs: 1, batch: 3, lr: 0.1 }),
  };
  const channels = (student: Classifier) => {
    const parts = { student, teacher: resnet8, distiller: srrl(), dataset };
    const { variables } = assembleUntrained(parts, options);
    return variables.get("distiller.connector.0.0.weight")!.shape[2];
  };
  assertEquals([resnet20, wrn(10, 1), shufflenetv1].map(channels), [64, 64, 960]);
  const deit = distilledVit({ patch: 8, depth: 2, width: 48, heads: 3 });
  assertEquals([mobilenetv2(), shufflenetv2, deit].map(channels), [1280, 1024, 48]);
});
