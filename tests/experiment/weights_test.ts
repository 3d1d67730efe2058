import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { declaration } from "../../lib/experiment/declaration.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { experiment, from, networkOf } from "../../lib/experiment/experiment.ts";
import { type ExternalWeights, weights } from "../../lib/experiment/weights.ts";
import { resnet8 } from "../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../lib/networks/vgg.ts";
import type { Net, Scorer } from "../../lib/nn/network.ts";
import type { Stage } from "../../lib/nn/stage.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { Failure } from "../../lib/values/failure.ts";
import { canonical } from "../../lib/values/json.ts";

const meta = { url: "file:///a/b.ts" };
const sha256 = "0123456789abcdef".repeat(4);
const shared = {
  dataset: synthetic(),
  student: vgg8,
  schedule: sgd({ epochs: 1, batch: 64, lr: 0.1 }),
};
const taughtBy = (teacher: ExternalWeights<typeof vgg13>) =>
  experiment(meta, { ...shared, teacher, distiller: kd() });

Deno.test("weights: a teacher is a value, and no file is opened", () => {
  const file = "nowhere/vgg13.pth";
  const url = "https://somewhere.invalid/vgg13.pth";
  const unchecked = { kind: "external", network: vgg13, sha256: null, top1: null } as const;
  assertEquals(weights(vgg13, { file }), { ...unchecked, source: { file } });
  assertEquals(weights(vgg13, { url, sha256, top1: 74.64 }), {
    kind: "external",
    network: vgg13,
    source: { url },
    sha256,
    top1: 74.64,
  });
  const here = new URL("./vgg13.pth", import.meta.url);
  assertEquals(weights(vgg13, { file, key: "ema", prefix: "net." }), {
    ...unchecked,
    source: { file },
    key: "ema",
    prefix: "net.",
  });
  assertEquals(weights(vgg13, { file: here }), { ...unchecked, source: { file: here } });
  assertEquals(networkOf(weights(vgg13, { file })), vgg13);
});

Deno.test("weights: the declaration has their facts, and neither path nor address", () => {
  const teacher = weights(vgg13, { file: "a/somewhere.pth", sha256, top1: 74.64 });
  const { teachers } = declaration(taughtBy(teacher)) as { teachers: unknown[] };
  assertEquals(teachers, [{ network: { id: "vgg13", options: {} }, sha256, top1: 74.64 }]);
  const text = (options: Parameters<typeof weights>[1]) =>
    canonical(declaration(taughtBy(weights(vgg13, options))));
  const bare = text({ file: "a.pth" });
  assertStringIncludes(bare, '"sha256":null,"top1":null');
  assertEquals(text({ url: "https://somewhere.invalid/b.pth" }), bare);
  for (const options of [{ sha256 }, { top1: 74.64 }, { key: "ema" }, { prefix: "teacher." }]) {
    assertNotEquals(text({ file: "a.pth", ...options }), bare);
  }
});

Deno.test("weights: malformed options are refused", () => {
  const cases: [Parameters<typeof weights>[1], string][] = [
    [{ file: "a", sha256: sha256.toUpperCase() }, "64 hexadecimal digits in lower case"],
    [{ file: "a", sha256: sha256.slice(1) }, "64 hexadecimal digits"],
    [{ file: "a", top1: 100.5 }, "`top1` is a percentage"],
    [{ file: "a", top1: NaN }, "`top1` is a percentage"],
    [{ file: "a", key: "" }, "`key` is empty"],
    [{ file: "a", prefix: "" }, "`prefix` is empty"],
    [{ url: "vgg13.pth" }, "`file` names a file"],
    [{ url: "file:///vgg13.pth" }, "http or https"],
    [{ file: new URL("https://somewhere.invalid/a.pth") }, "`url` names an address"],
  ];
  for (const [options, message] of cases) {
    const failure = assertThrows(() => weights(vgg13, options), Failure, message);
    assertEquals([failure.exit, failure.message.startsWith("weights(vgg13, …): ")], [2, true]);
  }
});

Deno.test("weights: mistakes are compile errors", () => assert(typeof mistakes === "function"));

declare const stage: Stage;
declare const both: Distiller<Scorer, readonly [Scorer, Net<"block4" | "logits">]>;

function mistakes(): void {
  const file = "vgg13.pth";
  const url = "https://somewhere.invalid/vgg13.pth";
  const teacher = weights(vgg13, { file });
  const trained = experiment(meta, { ...shared, student: resnet8, distiller: scratch() });

  // Correct uses.
  experiment(meta, {
    ...shared,
    teacher,
    distiller: fitnets({ guided: "block3", hint: "block4" }),
  });
  experiment(meta, { ...shared, teacher: [from(trained), teacher], distiller: both });
  experiment(meta, { ...shared, teacher: [teacher, teacher], distiller: both });

  // @ts-expect-error: a file and an address.
  weights(vgg13, { file, url });
  // @ts-expect-error: neither of the two.
  weights(vgg13, { sha256 });
  // @ts-expect-error: a misspelt option.
  weights(vgg13, { file, sha: sha256 });
  // @ts-expect-error: the teacher has no tap of this name.
  experiment(meta, { ...shared, teacher, distiller: fitnets({ hint: "block9" }) });
  // @ts-expect-error: the second teacher has no such tap.
  experiment(meta, { ...shared, teacher: [teacher, from(trained)], distiller: both });
  // @ts-expect-error: one teacher for a method of several.
  experiment(meta, { ...shared, teacher, distiller: both });
  // @ts-expect-error: scratch takes no teacher.
  experiment(meta, { ...shared, teacher, distiller: scratch() });
  const body: Net<"stem"> = { id: "body", options: {}, stages: () => ({ stem: stage }) };
  // @ts-expect-error: the teacher scores no classes.
  experiment(meta, { ...shared, teacher: weights(body, { file }), distiller: kd() });
}
