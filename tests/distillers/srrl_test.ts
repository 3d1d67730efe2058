import { assertAlmostEquals } from "@std/assert";
import { srrl } from "../../lib/distillers/srrl.ts";
import { dense } from "../../lib/nn/layers.ts";
import type { Classifier } from "../../lib/nn/network.ts";
import { stage } from "../../lib/nn/stage.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { everything, needs } from "../support/needs.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
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
  const classes = 5;
  const pooled = networkOfVariables({ pooled: [4, 4] });
  const teacher: Classifier = {
    ...pooled,
    stages: (classes) => ({ ...pooled.stages(classes), logits: stage(dense(classes)) }),
  };
  const made = assembleStep({
    student: networkOfVariables({ map: [4, 2, 2, 3], pooled: [4, 3], logits: [4, classes] }),
    teacher,
    distiller: srrl(),
    image: [1, 1, 1],
    classes,
    values: new Map([
      ["student.map.value", flatten(inputs.map)],
      ["student.logits.value", flatten(inputs.logits)],
      ["teacher1.pooled.value", flatten(inputs.teacher)],
      ["teacher1.logits.weight", flatten(inputs.weight)],
      ["teacher1.logits.bias", flatten(inputs.bias)],
      ["distiller.connector.0.0.weight", flatten(inputs.connector)],
    ]),
  });
  const image = { shape: [4, 1, 1, 1], data: new Float32Array(4) };
  for (const kind of ["compiled", "cpu"] as const) {
    const engine = await open(kind);
    const step = await firstStep(engine, made)(image, Int32Array.from(flatten(inputs.label)));
    engine.close();
    for (const [term, value] of Object.entries(terms)) {
      assertAlmostEquals(step.values.terms[term][0], value, 1e-5 * Math.max(1, value), term);
    }
    for (
      const [theirs, ours] of [
        ["map", "student.map.value"],
        ["logits", "student.logits.value"],
        ["connector", "distiller.connector.0.0.weight"],
      ]
    ) {
      assertNear(`${kind}: ${theirs}`, step.after(ours), flatten(gradients[theirs]), 1e-4);
    }
  }
});
