/** RegNetY beside timm's, whose numbers `tests/support/regnet.py` computed. */
import { assertEquals, assertThrows } from "@std/assert";
import { scratch } from "../../lib/distillers/scratch.ts";
import { regnety, regnety_002, regnety_160 } from "../../lib/networks/regnet.ts";
import { variableShapes } from "../../lib/nn/description.ts";
import { passes } from "../../lib/nn/pass.ts";
import { Failure } from "../../lib/values/failure.ts";
import { referenceName } from "../../lib/weights/names.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { assertNearInSomeDraw, perturb } from "../support/draws.ts";
import { open } from "../support/engines.ts";
import { ourMap, ourWeight } from "../support/layout.ts";
import { everything, needs } from "../support/needs.ts";
import { recipe, type Role } from "../support/recipe.ts";
import { assertNear, norm } from "../support/tolerance.ts";

/** What timm computes. Its names and its layout. */
interface Golden {
  /** Of `regnety_002` with the recipe's weights on the recipe's images. */
  readonly values: {
    readonly seed: number;
    /** Of the batch of images. Their labels are 0, 1, … */
    readonly shape: readonly number[];
    readonly classes: number;
    /** In evaluation. */
    readonly logits: readonly (readonly number[])[];
    /** The cross-entropy in training. */
    readonly loss: number;
    /** The L2 norm of its gradient at each parameter. */
    readonly gradients: Readonly<Record<string, number>>;
  };
  /** The shape of each tensor of `regnety_160`. */
  readonly regnety_160: Readonly<Record<string, readonly number[]>>;
}

const readGolden = async (): Promise<Golden> =>
  JSON.parse(await Deno.readTextFile(new URL("../goldens/regnet.json", import.meta.url)));

/** The shapes of a network's variables by timm's names, in timm's layout. */
function theirShapes(network: typeof regnety_160, side: number, classes: number) {
  return Array.from(
    variableShapes(network, [side, side, 3], classes),
    ([name, shape]): [ours: string, theirs: string, shape: number[]] => [
      name,
      referenceName(network, name),
      shape.length === 4 ? [shape[3], shape[2], shape[0], shape[1]] : shape.toReversed(),
    ],
  );
}

/** How the recipe makes a tensor of timm's. */
function roleOf(name: string): Role {
  const isBias = name.endsWith("bias");
  if (!name.includes(".bn.")) return isBias ? "bias" : "weight";
  return isBias || name.endsWith("mean") ? "norm.bias" : "norm.weight";
}

await needs(
  ["read"],
  "regnety: the one of 16 billion has timm's tensors by timm's names",
  async () => {
    const { regnety_160: theirs } = await readGolden();
    const ours = theirShapes(regnety_160, 224, 1000).map(([, name, shape]) => [name, shape]);
    assertEquals(Object.fromEntries(ours), theirs);
  },
);

await needs(everything, "regnety: logits, loss and gradients are timm's", async (t) => {
  const { values: { seed, shape, classes, ...theirs } } = await readGolden();
  const [batch, channels, height, width] = shape;
  const shapes = theirShapes(regnety_002, height, classes);
  const values = new Map(
    shapes.map(([ours, name, shape]) => [
      `student.${ours}`,
      ourWeight(recipe(seed, name, shape, roleOf(name))).data,
    ]),
  );
  const made = assembleStep({
    student: regnety_002,
    teacher: undefined,
    distiller: scratch(),
    image: [height, width, channels],
    classes,
    values,
  });
  const image = ourMap(recipe(seed, "image", shape, "image"));
  const label = Int32Array.from({ length: batch }, (_, i) => i);
  const engine = await open("compiled");
  try {
    await engine.hold([...made.collected.values()]);
    const evaluate = engine.compile<"image">(({ image }) => ({
      values: { logits: made.student.run(image, passes().frozen).taps.logits },
      updates: [],
    }));
    assertNear("logits", (await evaluate({ image })).logits, theirs.logits.flat(), 1e-4);
    const run = firstStep(engine, made);
    await assertNearInSomeDraw(t, async (draw) => {
      const step = await run(image, label, perturb(made.collected.values(), draw));
      assertNear("loss", step.values.loss, [theirs.loss], 1e-4);
      return new Map(shapes.flatMap(([ours, name]) => {
        const golden = theirs.gradients[name];
        if (golden === undefined) return [];
        const off = norm(step.after(`student.${ours}`)) - golden;
        return [[name, Math.abs(off) / (1e-3 * golden)]];
      }));
    });
  } finally {
    engine.close();
  }
});

Deno.test("regnety: a rule that does not give four stages is refused", () => {
  assertThrows(
    () => regnety("flat", { depth: 4, width: 32, slope: 1, multiplier: 2, group: 8 }),
    Failure,
    'regnety("flat", …): its rule gives 1 stages, not 4: change `slope`',
  );
  assertThrows(
    () => regnety("steady", { depth: 4, width: 32, slope: 1, multiplier: 1, group: 8 }),
    Failure,
    "`multiplier` is 1",
  );
});
