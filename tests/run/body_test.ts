import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { loadCheckpoint } from "../../lib/weights/checkpoint.ts";
import { everything, needs } from "../support/needs.ts";
import { type Toys, toys } from "../support/toy_runs.ts";

/**
 * A network that learned other images and classes, and students whose bodies start with its stem and
 * blocks: of its run, of its file, of another network's.
 */
const STARTED = `
const others = synthetic({ ...images, classes: 7 });
export const first = experiment(import.meta, { dataset: others, schedule, student: small, distiller: scratch() });
const { startBody, weights } = retort;
const still = { dataset, schedule: sgd({ epochs: 1, batch: 16, lr: 0 }), distiller: scratch() };
const { stages, ...rest } = small;
const tall = {
  ...rest,
  id: "tall",
  stages(classes, image) {
    const { pooled, logits, ...body } = stages(classes, image);
    return { ...body, crown: pooled, logits };
  },
};
export const trained = experiment(import.meta, { ...still, student: startBody(tall, from(first)) });
const file = "runs/toy#first/seed-1/last.safetensors";
export const external = experiment(import.meta, { ...still, student: startBody(tall, weights(small, { file })) });
export const misfit = experiment(import.meta, { ...still, student: startBody(large, weights(small, { file })) });
export const absent = experiment(import.meta, { ...still, student: startBody(tall, weights(small, { file: "no.pth" })) });
`;

/** Every run of this file is repeatable bit for bit. */
const repeating = { deterministic: true };

const test = (name: string, use: (toys: Toys) => Promise<void>): Promise<void> =>
  needs(everything, `body: ${name}`, () => toys(STARTED, use, repeating));

/** The variables of a run's student that no statistics are. */
async function learnedBy(toys: Toys, name: string) {
  const { tensors } = await loadCheckpoint(toys.of(name, 1, "last.safetensors"));
  return new Map(
    Array.from(tensors).filter(([name]) => !/mean|variance/.test(name))
      .map(([name, { data }]) => [name, [...data]]),
  );
}

await test("it starts with the stages that both networks have, of a run or of a file", async (toys) => {
  await toys.run("trained");
  const said = toys.said();
  assertStringIncludes(
    said,
    "first stage toy#first seed 1 is not trained yet; it is trained first",
  );
  assertStringIncludes(said, "those of stem, block1, block2\n");
  await toys.run("external");
  const [first, trained, external] = [
    await learnedBy(toys, "first"),
    await learnedBy(toys, "trained"),
    await learnedBy(toys, "external"),
  ];
  assertEquals(external, trained);
  for (const [name, value] of trained) {
    const isBody = /^(stem|block)/.test(name);
    assertEquals(isBody, JSON.stringify(value) === JSON.stringify(first.get(name)), name);
  }
  for (
    const [name, id, seed] of [["trained", "toy#first", 1], [
      "external",
      "small:last.safetensors",
      null,
    ]] as const
  ) {
    const { stages } = JSON.parse(await Deno.readTextFile(toys.of(name, 1, "declaration.json")));
    assertEquals(stages.map(({ sha256: _, ...stage }: { sha256: string }) => stage), [
      { id, seed, taken: "body" },
    ]);
  }
});

await test("a body of another shape, and a file that is not there, are failures", async (toys) => {
  await toys.run("first");
  const wrong = { misfit: "the body of small is not that of large", absent: "there is no file" };
  for (const [name, words] of Object.entries(wrong)) {
    const failure = await assertRejects(() => toys.run(name), Failure, words);
    assertEquals(failure.exit, 3);
  }
});
