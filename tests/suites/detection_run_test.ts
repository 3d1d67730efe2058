/** Whole runs of detectors: alone, together, interrupted, evaluated. */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { readdirSync } from "node:fs";
import { primaryOf } from "../../lib/project/metric.ts";
import { readOutcome } from "../../lib/project/outcome.ts";
import { runTrials } from "../../lib/run/run.ts";
import { detection } from "../../lib/tasks/detection.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { remains } from "../support/remains.ts";
import { toyCoco } from "../support/toy_coco.ts";
import { LOOKS, type Toys, toys } from "../support/toy_runs.ts";
import { writeFiles } from "../support/write_files.ts";

const command = new URL("../../lib/commands/eval.ts", import.meta.url).pathname;
const datasets = new URL("../../datasets/mod.ts", import.meta.url).href;
const detectors = new URL("../support/toy_detector.ts", import.meta.url).href;

/** A teacher and three students on photos of rectangles. */
const FOUND = `
import { coco } from "${datasets}";
import { toyDetector } from "${detectors}";
const photos = coco({ shorter: 48, longer: 64 });
const shared = { dataset: photos, schedule: sgd({ epochs: 2, batch: 4, lr: 0.01 }) };
const detector = toyDetector(8);
export const teacher = experiment(import.meta, { ...shared, student: toyDetector(12), distiller: scratch() });
const pair = { ...shared, student: detector, teacher: from(teacher) };
export const scratched = experiment(import.meta, { ...shared, student: detector, distiller: scratch() });
export const kded = experiment(import.meta, { ...pair, distiller: retort.kdOnRegions() });
export const shaken = experiment(import.meta, { ...pair, distiller: retort.shakeOnRegions() });
`;

const NAMES = ["scratched", "kded", "shaken"];

/** Every run of this file is repeatable bit for bit. */
const repeating = { deterministic: true, threads: 1 };

function test(name: string, use: (toys: Toys) => Promise<void>): Promise<void> {
  const withPhotos = async (toys: Toys) => {
    writeFiles(toys.path("data/coco"), toyCoco(12, 6), "directory");
    await use(toys);
  };
  return needs(everything, `detection: ${name}`, () => toys(FOUND, withPhotos, repeating));
}

await test("students that train together are what they are alone, bit for bit", async (toys) => {
  const asked = [];
  for (const name of NAMES) asked.push({ experiment: await toys.experiment(name), seed: 1 });
  await runTrials(asked, toys.settings());
  assertStringIncludes(toys.said(), "3 trials of seed 1 train together");
  const together = [];
  for (const name of NAMES) together.push(await remains(toys, name, 1));
  for (const [i, name] of NAMES.entries()) {
    await toys.run(name, 1, { fresh: true });
    assertEquals(await remains(toys, name, 1), together[i], name);
  }
});

await test("a run that was interrupted ends as if it had not been; its log has the four losses", async (toys) => {
  await toys.run("shaken");
  const whole = await remains(toys, "shaken", 1);
  for (const line of await toys.log("shaken")) {
    const losses = ["objectness", "anchorBoxes", "classes", "boxes"].map((name) => `train/${name}`);
    for (const tag of [...losses, "train/loss/follow", "test/AP"]) {
      assert(line[tag] >= 0, `${tag} is ${line[tag]}`);
    }
    const four = losses.reduce((sum, tag) => sum + line[tag], 0);
    assertAlmostEquals(four, line["train/loss/task"], 1e-4);
  }
  await Deno.remove(toys.path("runs", "toy#shaken"), { recursive: true });
  let looks = 0;
  const interrupted = () => ++looks > LOOKS + 2;
  await assertRejects(
    () => toys.run("shaken", 1, { interrupted }),
    Failure,
    "interrupted in epoch",
  );
  await toys.run("shaken");
  assertStringIncludes(toys.said(), "shaken seed 1: goes on after");
  assertEquals(await remains(toys, "shaken", 1), whole);
});

await test("eval has the score that the run recorded, and writes detections and pictures", async (toys) => {
  const { metric } = await toys.run("scratched");
  const { measured } = await readOutcome(await toys.experiment("scratched"), toys.folder);
  assertEquals(measured.map((trial) => trial.metric), [metric]);
  assertEquals([metric.APm, metric.APl], [undefined, undefined], "all rectangles are small");
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", command, toys.path("toy.ts#scratched"), "--json", "--pictures", "2"],
    env: { RETORT_DATA: toys.path("data") },
    cwd: toys.folder,
    stderr: "inherit",
  }).output();
  assert(success);
  const found = JSON.parse(new TextDecoder().decode(stdout));
  assertAlmostEquals(found.AP, primaryOf(metric, detection).last, 1e-6);
  assertEquals(found.images, 6);
  const folder = toys.of("scratched", 1, "last.evaluation");
  assertEquals(found.folder, folder);
  assertEquals(readdirSync(folder).filter((name) => name.endsWith(".svg")).length, 2);
  const results = JSON.parse(await Deno.readTextFile(`${folder}/results.json`));
  for (const { image_id, category_id, bbox, score } of results) {
    assert(image_id >= 1000 && [3, 7].includes(category_id) && bbox.length === 4 && score > 0.05);
  }
});
