import { assertAlmostEquals, assertEquals } from "@std/assert";
import { nst } from "../../lib/distillers/nst.ts";
import { stream } from "../../lib/values/random.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

// At the default weight the toy's losses grow, and rounding errors with them.
await method("nst", () => nst({ weight: 5 }));
await method(
  "nst of maps of two sizes, beside kd",
  () => nst({ taps: [["block1", "block2"]], kd: 1 }),
);

const taps = { student: { map: [5, 3, 4], logits: [5] }, teacher: { map: [2, 7, 6], logits: [5] } };
for (const samples of ["different", "degenerate"] as const) {
  masks("nst", () => nst({ taps: [["map", "map"]], kd: 1 }), taps, samples);
}

/** The paper's equation of the loss, for one sample's channels [channels][positions]. */
function discrepancy(s: readonly (readonly number[])[], t: readonly (readonly number[])[]): number {
  const unit = (v: readonly number[]) => v.map((x) => x / (Math.hypot(...v) || 1));
  const kernel = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) => {
    const values = a.flatMap((x) =>
      b.map((y) => x.reduce((sum, value, i) => sum + value * y[i], 0) ** 2)
    );
    return values.reduce((a, b) => a + b) / values.length;
  };
  const student = s.map(unit);
  const teacher = t.map(unit);
  return kernel(teacher, teacher) - 2 * kernel(student, teacher) + kernel(student, student);
}

Deno.test("nst: the loss is the discrepancy between channels, with fewer and more positions than channels", async () => {
  for (
    const [height, width, students, teachers] of [[2, 2, 5, 7], [4, 3, 5, 7], [3, 3, 9, 2], [
      1,
      1,
      2,
      3,
    ]]
  ) {
    const values = (name: string, channels: number) => {
      const random = stream(1, name);
      // Channel 1 is inactive everywhere, as after a ReLU.
      return Array.from(
        { length: channels },
        (_, c) => Array.from({ length: height * width }, () => c === 1 ? 0 : random.normal()),
      );
    };
    const s = values("s", students);
    const t = values("t", teachers);
    const last = (channels: readonly (readonly number[])[]) =>
      Float32Array.from(
        channels[0].flatMap((_, position) => channels.map((channel) => channel[position])),
      );
    const network = (channels: number) =>
      networkOfVariables({ map: [1, height, width, channels], logits: [1, 2] });
    const engine = await open("cpu");
    const made = assembleStep({
      student: network(students),
      teacher: network(teachers),
      distiller: nst({ taps: [["map", "map"]], weight: 1, ce: 0 }),
      image: [1, 1, 1],
      classes: 2,
      values: new Map([["student.map.value", last(s)], ["teacher1.map.value", last(t)]]),
    });
    const image = { shape: [1, 1, 1, 1], data: new Float32Array(1) };
    const step = await firstStep(engine, made)(image, new Int32Array(1));
    engine.close();
    assertAlmostEquals(step.values.terms.nst_map[0], discrepancy(s, t), 1e-5);
    assertEquals(step.after("student.map.value").every(Number.isFinite), true);
  }
});

Deno.test("nst: the declaration has the options", () => {
  assertEquals(nst().options, { taps: "maps", weight: 50, ce: 1, kd: 0, temperature: 4 });
});
