import { assertAlmostEquals } from "@std/assert";
import { srrl } from "../../lib/distillers/srrl.ts";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import { dense, globalAveragePool } from "../../lib/nn/layers.ts";
import { stage } from "../../lib/nn/stage.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { everything, needs } from "../support/needs.ts";
import { flatten, newerCase } from "../support/newer_methods.ts";
import { assertNear } from "../support/tolerance.ts";

await method("srrl", () => srrl());
await method("srrl beside kd", () => srrl({ kd: 1 }));
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
