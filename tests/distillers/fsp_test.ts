import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fsp, fspInit, type FspInitOptions } from "../../lib/distillers/fsp.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { Net } from "../../lib/nn/network.ts";
import { assembleStep } from "../support/assemble_step.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { termWeights } from "../support/term_weights.ts";
import { large, small, toy } from "../support/toy.ts";

const teacher = toy("as wide", 2);
await method("fsp", () => fsp());
await method("fsp beside kd", () => fsp({ kd: 0.9 }));
termWeights("fsp", fsp, { ce: ["task"], kd: ["kd"] });
await method("fsp's first stage", () => fspInit(), { teacher });
await method("torchdistill's fsp", () => fspInit({ pool: "max", distance: "columns" }), {
  teacher,
});
await method(
  "fsp's first stage at chosen taps",
  () => fspInit({ taps: [["stem", "block1"], ["block2", "block2"]] }),
  {
    teacher,
  },
);

const student = { first: [5, 3, 4], second: [3, 3, 2], third: [2, 2, 3], logits: [5] };
const taps = [["first", "first"], ["second", "second"], ["third", "third"]] as const;
const variants: FspInitOptions<"first" | "second" | "third", "first" | "second" | "third">[] = [
  { taps },
  { taps, pool: "max", distance: "columns" },
];
masks("fsp beside kd", () => fsp({ kd: 1 }), {
  student: { logits: [5] },
  teacher: { logits: [5] },
});
for (const options of variants) {
  for (const samples of ["different", "degenerate"] as const) {
    const teacher = { first: [2, 7, 4], second: [4, 4, 2], third: [1, 1, 3], logits: [5] };
    masks(`fsp's first stage, ${options.pool ?? "average"}`, () => fspInit(options), {
      student,
      teacher,
    }, samples);
  }
}

/** The message with which `fspInit` refuses these networks. */
function refusal(
  student: Net<"logits">,
  teacher: Net<"logits">,
  options: FspInitOptions<never, never> = {},
): string {
  const build = () =>
    assembleStep({
      student,
      teacher,
      distiller: fspInit(options),
      image: [8, 8, 3],
      classes: 5,
      values: new Map(),
    });
  const { exit, message } = assertThrows(build, Failure);
  assertEquals(exit, 2);
  return message;
}

Deno.test("fspInit refuses different channels and names taps and shapes", () => {
  assertStringIncludes(
    refusal(small, large),
    "the student's stem is [8,8,2] and the teacher's stem [8,8,4]",
  );
});

Deno.test("fspInit refuses a single pair of maps", () => {
  const network = networkOfVariables({ map: [1, 2, 2, 3], logits: [1, 5] });
  const one = [["map", "map"]] as unknown as [];
  assertStringIncludes(refusal(network, network, { taps: one }), "at least two pairs");
});
