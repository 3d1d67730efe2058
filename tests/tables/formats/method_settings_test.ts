import { assertEquals } from "@std/assert";
import { synthetic } from "../../../datasets/synthetic.ts";
import { crd } from "../../../lib/distillers/crd.ts";
import { kd } from "../../../lib/distillers/kd.ts";
import { sakd } from "../../../lib/distillers/sakd.ts";
import { scratch } from "../../../lib/distillers/scratch.ts";
import { fitnets } from "../../../lib/distillers/fitnets.ts";
import { type Experiment, experiment, from } from "../../../lib/experiment/experiment.ts";
import { methodSettings } from "../../../lib/tables/formats/method_settings.ts";
import { resnet20, resnet8 } from "../../../lib/networks/resnet.ts";
import { sgd } from "../../../lib/optimizers/sgd.ts";
import type { Labelled } from "../../../lib/tables/formats/settings.ts";

const shared = { dataset: synthetic(), schedule: sgd({ epochs: 2, batch: 4, lr: 0.1 }) };
const teacher = experiment(import.meta, { ...shared, student: resnet20, distiller: scratch() });
const pair = { ...shared, teacher: from(teacher), student: resnet8 };

const labelled = (rows: Readonly<Record<string, Experiment>>): Labelled[] =>
  Object.entries(rows).map(([label, experiment]) => [
    label,
    { experiment, path: "a.ts", measured: [], stale: 0, quick: 0 },
  ]);

Deno.test("method settings: the options of each row, those alike together, none of methods without them", () => {
  const lines = methodSettings(labelled({
    teacher,
    kd: experiment(import.meta, { ...pair, distiller: kd() }),
    crd: experiment(import.meta, { ...pair, distiller: crd({ negatives: 7 }) }),
    longer: experiment(import.meta, { ...pair, distiller: kd() }),
  }));
  assertEquals(lines.map((line) => line.replace(/dimensions.*(negatives \d+).*/, "$1")), [
    "kd, longer: kd (temperature 4, ce 0.1, kd 0.9)",
    "crd (student pooled, teacher pooled, negatives 7",
  ]);
});

Deno.test("method settings: of a method again only what differs, all of it where options came or went", () => {
  const method = (weight: number, routing: "adaptive" | "random") =>
    experiment(import.meta, { ...pair, distiller: sakd(fitnets({ weight }), { routing }) });
  const lines = methodSettings(labelled({
    kd: experiment(import.meta, { ...pair, distiller: kd() }),
    hot: experiment(import.meta, { ...pair, distiller: kd({ temperature: 8, kd: 2 }) }),
    standardised: experiment(import.meta, { ...pair, distiller: kd({ standardised: true }) }),
    adaptive: method(1, "adaptive"),
    random: method(2, "random"),
  }));
  assertEquals(lines.filter((line) => !line.startsWith("adaptive: sakd (method fitnets (")), [
    "kd (temperature 4, ce 0.1, kd 0.9)",
    "hot: as kd, but temperature 8, kd 2",
    "standardised: kd (temperature 2, ce 0.1, kd 9, standardised)",
    "random: as adaptive, but method fitnets (guided block2, hint block2, weight 2, ce 1), routing random",
  ]);
});

Deno.test("method settings: no row is named where all have one method", () => {
  const one = experiment(import.meta, { ...pair, distiller: kd() });
  assertEquals(methodSettings(labelled({ a: one, b: one })), ["kd (temperature 4, ce 0.1, kd 0.9)"]);
  assertEquals(methodSettings(labelled({ teacher })), []);
});
