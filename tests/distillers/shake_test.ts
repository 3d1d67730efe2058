import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Distiller, Several } from "../../lib/distiller.ts";
import { combine } from "../../lib/distillers/combine.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { shake, type ShakeOptions } from "../../lib/distillers/shake.ts";
import { Failure } from "../../lib/failure.ts";
import { resnet50 } from "../../lib/networks/deep_resnet.ts";
import { vgg13 } from "../../lib/networks/vgg.ts";
import { wrn_40_2 } from "../../lib/networks/wrn.ts";
import { cast } from "../cast.ts";
import { open } from "../engines.ts";
import { masks } from "../masks.ts";
import { method } from "../method.ts";
import { only } from "../only.ts";
import { large, small, type Toy, toy } from "../toy.ts";
import { flat, training } from "../toy_training.ts";

const several: Several<Toy> = [large, toy("larger", 6)];

await method("shake", () => shake());
await method("shake as released", () => shake({ released: true }));
await method("shake on the student's backbone", () => shake({ backbone: "student" }));
await method("shake by a proxy teacher", () => shake({ backbone: "own" }));
await method("shake with two heads and all terms", () => shake({ heads: 2, direct: 0.5, labels: 0.1 }));
await method("shake of two teachers", () => shake(), { teacher: several });
await method("shake of two teachers, adaptive", () => shake({ weights: "adaptive" }), { teacher: several });

for (const released of [false, true]) {
  const taps = { student: { logits: [5] }, teacher: { map: [3, 3, 4], pooled: [4], logits: [5] } };
  const terms = ["shadow", "direct"];
  masks(
    `shake, released: ${released}`,
    () => only(shake({ released, taps: ["map"], direct: 1 }) as Distiller<Toy, Toy>, ...terms) as never,
    taps,
  );
}

/** The terms of the first step, the student's gradient, and the method's own by variable. */
async function first(options: ShakeOptions<never>) {
  const engine = await open("cpu"), { step, read } = await training(engine, shake(options));
  const terms = await step(), student = flat(await read("velocity.student.")), own = await read("velocity.distiller.");
  engine.close();
  return { terms, student, own };
}

Deno.test("what a shadow learns never reaches the student, unless they share a backbone", async () => {
  const much = { follow: 7, reverse: 5, labels: 3 }, usual = await first({});
  assertEquals((await first(much)).student, usual.student);
  const [one, other] = [await first({ backbone: "student" }), await first({ backbone: "student", ...much })];
  assert(one.student.some((value, i) => value !== other.student[i]));
});

Deno.test("what the student learns never reaches a shadow", async () => {
  const [one, other] = [await first({}), await first({ kd: 9, ce: 3, direct: 2 })];
  assertEquals(flat(one.own), flat(other.own));
});

Deno.test("terms are there where they have a weight", async () => {
  const names = async (options: ShakeOptions<never>) =>
    Object.keys((await first(options)).terms).filter((name) => name.startsWith("loss/"));
  assertEquals(await names({}), ["loss/task", "loss/shadow", "loss/follow", "loss/reverse"]);
  assertEquals(await names({ reverse: 0 }), ["loss/task", "loss/shadow", "loss/follow"]);
  assertEquals(await names({ released: true }), [
    "loss/task",
    "loss/shadow",
    "loss/follow",
    "loss/reverse",
    "loss/labels",
  ]);
});

Deno.test("direct is kd's term", async () => {
  const engine = await open("cpu"), { terms } = await first({ direct: 0.9 });
  const values = await (await training(engine, kd({ kd: 0.9 }))).step();
  engine.close();
  assertAlmostEquals(terms["loss/direct"][0], values["loss/kd"][0], 1e-5);
});

Deno.test("the shadow is the released code's: first three maps, or the last three where those do not fit the head", () => {
  const shadow = (teacher: typeof wrn_40_2 | typeof vgg13 | typeof resnet50) => {
    const { collected } = cast({
      student: small,
      teacher,
      distiller: shake() as Distiller<Toy, typeof teacher>,
      image: [32, 32, 3],
      classes: 100,
      values: new Map(),
    });
    const own = [...collected.values()].filter(({ name }) => name.startsWith("method."));
    const maps = own.flatMap(({ name }) => name.match(/side_(\w+)\.0\.0\.weight$/)?.[1] ?? []);
    const learned = own.filter(({ trainable }) => trainable);
    return [maps, learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0)];
  };
  assertEquals(shadow(wrn_40_2), [["block2", "block3"], 261_120]);
  assertEquals(shadow(vgg13), [["block2", "block3"], 4_165_632]);
  assertEquals(shadow(resnet50)[0], ["block3", "block4"]);
});

Deno.test("what no shadow can be made of is refused", async () => {
  const engine = await open("cpu");
  const refused = async (distiller: Distiller<Toy, Toy>) => {
    const { exit, message } = await assertRejects(() => training(engine, distiller), Failure);
    assertEquals(exit, 2);
    return message;
  };
  const flatly = await refused(shake({ taps: ["pooled"] }));
  assert(flatly.includes("shake: large has no map at pooled, but [8]"), flatly);
  const backwards = await refused(shake({ taps: ["block2", "block1"] }));
  assert(backwards.includes("does not lead to block1"), backwards);
  engine.close();
  assertEquals(assertThrows(() => shake({ heads: 0 }), Failure).exit, 2);
  const idle = assertThrows(() => shake({ backbone: "own", taps: ["block1"] }), Failure);
  assertEquals([idle.exit, idle.message.includes("leave `taps` out")], [2, true]);
});

/** Wrong uses of `shake`, each a compile error; never run. */
export function wrong(
  fits: (method: Distiller<Toy, Toy>) => void,
  both: (method: Distiller<Toy, Several<Toy>>) => void,
) {
  fits(shake());
  both(shake({ weights: "adaptive" }));
  fits(shake({ taps: ["block1", "block2"] }));
  fits(combine(shake(), fitnets()));
  // @ts-expect-error: the teacher has no tap of this name.
  fits(shake({ taps: ["block9"] }));
  // @ts-expect-error: there is no such backbone.
  fits(shake({ backbone: "teachers" }));
}
