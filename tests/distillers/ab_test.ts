import { assertAlmostEquals, assertEquals } from "@std/assert";
import { ab, abInit } from "../../lib/distillers/ab.ts";
import { buildModel, type Net } from "../../lib/nn/network.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import { wrn_16_1 } from "../../lib/networks/wrn.ts";
import { variables } from "../../lib/nn/variables.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { termWeights } from "../support/term_weights.ts";
import { toy } from "../support/toy.ts";

await method("ab", () => ab());
await method("ab beside kd", () => ab({ kd: 0.9 }));
termWeights("ab", ab, { ce: ["task"], kd: ["kd"] });
await method("ab's first stage", () => abInit());
await method("ab's first stage between maps as large", () => abInit(), {
  teacher: toy("as large", 2),
});
await method(
  "ab's first stage at one tap",
  () => abInit({ taps: [["block1", "block2"]], margin: 0.5 }),
);

const pairs = [["first", "first"], ["second", "second"]] as const;
const shapes = { first: [5, 3, 4], second: [3, 3, 2], logits: [5] };
masks("ab beside kd", () => ab({ kd: 1 }), { student: { logits: [5] }, teacher: { logits: [5] } });
for (const samples of ["different", "degenerate"] as const) {
  masks(
    "ab's first stage",
    () => abInit({ taps: pairs }),
    { student: shapes, teacher: shapes },
    samples,
  );
  const square = { first: [6, 6, 4], second: [3, 3, 2], logits: [5] };
  const larger = { ...square, first: [6, 6, 5] };
  masks("ab's first stage by connectors", () => abInit({ taps: pairs }), {
    student: square,
    teacher: larger,
  }, samples);
}

Deno.test("a neuron costs nothing beyond the margin on the teacher's side, else its squared distance from there", async () => {
  const student = [2, 1, 0.5, -3, -2, -1, -0.5, 3];
  const teacher = [1, 1, 1, 1, 0, 0, -1, -1];
  const network = networkOfVariables({ map: [1, 1, 1, 8], logits: [1, 2] });
  const setup = assembleStep({
    student: network,
    teacher: network,
    distiller: abInit({ taps: [["map", "map"]] }),
    image: [1, 1, 1],
    classes: 2,
    values: new Map([["student.map.value", Float32Array.from(student)], [
      "teacher1.map.value",
      Float32Array.from(teacher),
    ]]),
  });
  const engine = await open("cpu");
  const { values, after } = await firstStep(engine, setup)(
    { shape: [1, 1, 1, 1], data: new Float32Array(1) },
    Int32Array.of(0),
  );
  engine.close();
  const distances = [0, 0, 0.5, 4, 0, 0, -0.5, -4];
  const cost = distances.reduce((sum, distance) => sum + distance ** 2, 0);
  assertAlmostEquals(values.terms.ab_map[0], 3 / 1000 * cost, 1e-6);
  Array.from(after("student.map.value")).forEach((slope, i) =>
    assertAlmostEquals(slope, -6 / 1000 * distances[i], 1e-6)
  );
});

Deno.test("each tap weighs twice as much as the tap before it", async () => {
  const network = networkOfVariables({
    first: [1, 1, 1, 1],
    second: [1, 1, 1, 1],
    third: [1, 1, 1, 1],
    logits: [1, 2],
  });
  const all = (["first", "second", "third"] as const).map((tap) => [tap, tap] as const);
  const setup = assembleStep({
    student: network,
    teacher: network,
    distiller: abInit({ taps: all }),
    image: [1, 1, 1],
    classes: 2,
    values: new Map(),
  });
  const engine = await open("cpu");
  const image = { shape: [1, 1, 1, 1], data: new Float32Array(1) };
  const { values } = await firstStep(engine, setup)(image, Int32Array.of(0));
  engine.close();
  const costs = all.map(([tap]) => values.terms[`ab_${tap}`][0] / (3 / 1000));
  costs.forEach((cost, i) => assertAlmostEquals(cost, [0.25, 0.5, 1][i], 1e-6));
});

Deno.test("the first stage freezes the variables that RepDistiller's feature modules leave out", () => {
  const frozenNames = (network: Net<"logits">) => {
    const model = buildModel(
      network,
      variables({ seed: 1, collected: new Map() }),
      [32, 32, 3],
      10,
    );
    return abInit().frozenVariables!(model).map(({ name }) => name);
  };
  assertEquals(frozenNames(wrn_16_1), [
    ...["scale", "offset", "mean", "variance"].map((name) => `block3.after.${name}`),
    ...["logits.weight", "logits.bias"],
  ]);
  assertEquals(frozenNames(mobilenetv2()), [
    "pooled.0.weight",
    ...["scale", "offset", "mean", "variance"].map((name) => `pooled.0.norm.${name}`),
    ...["logits.weight", "logits.bias"],
  ]);
});

Deno.test("a wide ResNet's closing norm uses running statistics, which stay as they are", async () => {
  const setup = assembleStep({
    student: wrn_16_1,
    teacher: wrn_16_1,
    distiller: abInit(),
    image: [8, 8, 3],
    classes: 3,
    values: new Map([["student.block3.after.mean", new Float32Array(64).fill(0.5)]]),
  });
  const engine = await open("cpu");
  const data = Float32Array.from({ length: 2 * 8 * 8 * 3 }, (_, i) => Math.sin(i));
  const { after } = await firstStep(engine, setup)(
    { shape: [2, 8, 8, 3], data },
    Int32Array.of(0, 1),
  );
  const start = (name: string) => setup.collected.get(name)!.initial();
  for (
    const name of ["scale", "offset", "mean", "variance"].map((name) =>
      `student.block3.after.${name}`
    )
  ) {
    assertEquals(after(name), start(name), name);
  }
  assertEquals(
    after("student.block2.after.mean").every((value, i) =>
      value === start("student.block2.after.mean")[i]
    ),
    false,
  );
  engine.close();
});
