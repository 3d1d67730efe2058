import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { weights } from "../../lib/experiment/weights.ts";
import { fasterRcnn } from "../../lib/networks/faster_rcnn.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import { convNorm } from "../../lib/nn/conv.ts";
import { variableShapes } from "../../lib/nn/description.ts";
import { buildModel } from "../../lib/nn/network.ts";
import { sizeOf, type Variable, variables } from "../../lib/nn/variables.ts";
import { externalBody } from "../../lib/run/body.ts";
import { dryRunAll } from "../../lib/run/dry_run.ts";
import { previewStages, readStages } from "../../lib/run/first_stages.ts";
import { listLearned } from "../../lib/run/learned.ts";
import { resolveRun } from "../../lib/run/resolve.ts";
import { foundationSettings } from "../../lib/run/settings.ts";
import { status } from "../../lib/terminal/status.ts";
import { Failure } from "../../lib/values/failure.ts";
import { loadCheckpoint } from "../../lib/weights/checkpoint.ts";
import { referenceName } from "../../lib/weights/names.ts";
import { encode, type Entry } from "../../lib/weights/safetensors.ts";
import { permute, type Value } from "../../lib/weights/value.ts";
import { everything, needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";
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
export const misfit = experiment(import.meta, { ...still, student: startBody(large, from(first)) });
const bare = {
  ...rest,
  id: "bare",
  stages: (classes, image) => {
    const { pooled, logits } = stages(classes, image);
    return { pooled, logits };
  },
};
const started = experiment(import.meta, { ...still, student: startBody(bare, from(first)) });
export { started as bare };
const averaging = sgd({ epochs: 1, batch: 16, lr: 0.05, ema: 0.7 });
export const averaged = experiment(import.meta, { dataset, schedule: averaging, student: small, distiller: scratch() });
export const smooth = experiment(import.meta, { ...still, student: startBody(tall, from(averaged, { average: true })) });
const given = from(first);
export const both = experiment(import.meta, { ...still, teacher: given, student: startBody(tall, given), distiller: kd() });
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

await test("a body that does not fit is refused before anything is trained", async (toys) => {
  const wrong = {
    misfit: "startBody: the body of small is not that of large: stem.weight is [3,3,3,2] there",
    bare: "startBody: the body of small is not that of bare: they share no variable",
  };
  for (const [name, words] of Object.entries(wrong)) {
    const trials = [{ experiment: await toys.experiment(name), seed: 1 }];
    for (const work of [() => toys.run(name), () => dryRunAll(trials, toys.settings())]) {
      const failure = await assertRejects(work, Failure, words);
      assertEquals(failure.exit, 2);
    }
    assert(!existsSync(toys.path("runs")), name);
  }
});

await test("a file that is not there is a failure, and a dry run says so", async (toys) => {
  const failure = await assertRejects(() => toys.run("absent"), Failure, "there is no file");
  assertEquals(failure.exit, 3);
  const experiment = await toys.experiment("absent");
  const lines = await dryRunAll([{ experiment, seed: 1 }], toys.settings());
  assertStringIncludes(lines.join("\n"), `body of ${toys.path("no.pth")}: missing`);
});

await test("a teacher's data are compared even if it gives the body too", async (toys) => {
  await toys.run("first");
  const listed = async (name: string) => {
    const experiment = await toys.experiment(name);
    const settings = foundationSettings(experiment, toys.settings());
    const runs = await listLearned(await resolveRun(experiment, 1, settings), settings);
    return runs.map(({ run }) => run.identity.id);
  };
  assertEquals(await listed("trained"), []);
  assertEquals(await listed("both"), ["toy#first"]);
});

await test("a dry run looks at the weights that a run takes, of an average too", async (toys) => {
  await toys.run("averaged");
  const smooth = await toys.experiment("smooth");
  const settings = foundationSettings(smooth, toys.settings());
  const { files } = await previewStages(smooth, toys.folder, settings);
  const { records } = await readStages(smooth, toys.folder, settings);
  assertEquals(files, records.map(({ sha256 }) => ({ sha256 })));
});

await needs(
  ["read", "write"],
  "body: a detector's frozen norms start with a classifier's statistics, from PyTorch's layout",
  async () => {
    const width = 4;
    const image = [32, 32, 3];
    const classes = 7;
    const network = imagenet.resnet18.of(convNorm, width);
    const values = new Map(
      Array.from(variableShapes(network, image, classes), ([name, shape], i): [string, Value] => [
        name,
        { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, j) => 1 + i + j / 64) },
      ]),
    );
    const entries = Array.from(values, ([name, value]): [string, Entry] => {
      const order = { 2: [1, 0], 4: [3, 2, 0, 1] }[value.shape.length];
      const { shape, data } = order ? permute(value, order) : value;
      return [referenceName(network, name), { dtype: "F32", shape, data: Float32Array.from(data) }];
    });
    await inTemporary(async (folder) => {
      await Deno.writeFile(join(folder, "body.safetensors"), encode(new Map(entries)));
      const student = fasterRcnn({ body: imagenet.resnet18, width, channels: 8, hidden: 8 });
      const lines: string[] = [];
      const body = await externalBody(
        student,
        weights(network, { file: "body.safetensors" }),
        folder,
        {
          data: folder,
          status: status({ terminal: false, quiet: false, write: (line) => lines.push(line) }),
        },
      );
      const started = body.weights(image, 3);
      const inBody = [...values.keys()].filter((name) => !name.startsWith("logits."));
      assertEquals([...started.keys()].sort(), inBody.sort());
      const arrays = new Map(
        Array.from(started, ([name, { data }]) => [name, Float32Array.from(data)]),
      );
      const collected = new Map<string, Variable>();
      buildModel(student, variables({ seed: 1, collected, values: arrays }), image, 3);
      for (const name of inBody) {
        assertEquals(collected.get(name)!.initial(), values.get(name)!.data, name);
      }
      const [scale, variance] = ["scale", "variance"].map((kind) =>
        values.get(`block4.0.body.0.norm.${kind}`)!.data
      );
      assertEquals(
        collected.get("block4.0.body.0.folded.factor")!.initial(),
        Float32Array.from(scale, (s, c) => s / Math.sqrt(variance[c] + 1e-5)),
      );
      assertStringIncludes(
        lines.join(""),
        `starts with ${inBody.length} variables of imagenet.resnet18`,
      );
    });
  },
);
