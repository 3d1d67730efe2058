import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { wrn } from "../../lib/networks/wrn.ts";
import { conv } from "../../lib/nn/conv.ts";
import { module } from "../../lib/nn/layer.ts";
import { dense, globalAveragePool, relu, residual } from "../../lib/nn/layers.ts";
import { description } from "../../lib/nn/description.ts";
import {
  buildModel,
  checkScores,
  classifier,
  type Heads,
  lastMap,
  type Net,
} from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { earlier, stage, type StageModule } from "../../lib/nn/stage.ts";
import { type Scope, type Variable, variables } from "../../lib/nn/variables.ts";
import { Failure } from "../../lib/values/failure.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { CLASSES, IMAGE, small } from "../support/toy.ts";

function model(
  prefix: string,
  other: Partial<Scope> = {},
  from?: ReturnType<typeof buildModel<typeof small>>,
) {
  const collected = new Map<string, Variable>();
  return buildModel(
    small,
    variables({ seed: 1, collected, prefix, ...other }),
    IMAGE,
    CLASSES,
    from,
  );
}

/** Holds a model's variables as tensors while `use` runs. */
async function withTensors(
  models: readonly { variables: readonly Variable[] }[],
  use: () => void,
): Promise<void> {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    for (const variable of models.flatMap(({ variables }) => variables)) {
      const value = tf.tensor(variable.initial(), [...variable.shape]);
      variable.bind(() => value);
    }
    use();
  });
}

Deno.test("buildModel: taps have their shapes, variables their names, and both are counted", () => {
  const { shapes, variables, parameters, multiplyAdds } = model("student.");
  assertEquals({ ...shapes }, {
    stem: [8, 8, 2],
    block1: [8, 8, 2],
    block2: [2, 2, 4],
    pooled: [4],
    logits: [5],
  });
  assertEquals(variables[0].name, "student.stem.weight");
  assertEquals(
    variables.map(({ name }) => name).includes("student.block2.1.shortcut.norm.variance"),
    true,
  );
  // stem 54 + 2 and its norm 4; block1 two of 36 + 4; block2 72 + 8 and 8 + 8; logits 20 + 5.
  assertEquals(parameters, 60 + 80 + 96 + 25);
  assertEquals(multiplyAdds, 64 * 54 + 2 * 64 * 36 + 4 * 72 + 4 * 8 + 20);
});

Deno.test("run: gives every tap before and after its activation, and its stages give the same", async () => {
  const net = model("student.");
  await withTensors([net], () => {
    const x = tf.randomNormal([3, ...IMAGE]);
    const { frozen } = passes();
    const { taps, pre } = net.run(x, frozen);
    for (const name of ["stem", "block1", "block2"] as const) {
      assertEquals(taps[name].dataSync(), tf.relu(pre[name]).dataSync());
      assertEquals(taps[name].shape, [3, ...net.shapes[name]]);
    }
    assertStrictEquals(taps.logits, pre.logits);
    let y: tf.Tensor = x;
    for (const name of ["stem", "block1", "block2", "pooled", "logits"] as const) {
      y = net.stage(name, y, frozen).out;
    }
    assertEquals(y.dataSync(), taps.logits.dataSync());
  });
});

Deno.test("run: a stage may pass something other than its tap to the next stage", async () => {
  const net: Net<"a" | "b"> = {
    id: "handed",
    options: {},
    stages: () => ({
      a: () =>
        Object.assign((x: tf.Tensor) => ({ out: x, pre: x, next: tf.mul(x, 2) }), {
          shape: [2],
          multiplyAdds: 0,
        }),
      b: stage(relu()),
    }),
  };
  await tf.setBackend("cpu");
  const built = buildModel(net, variables({ seed: 1, collected: new Map() }), [2], 2);
  tf.tidy(() => {
    const { taps } = built.run(tf.tensor2d([[1, 3]]), passes().frozen);
    assertEquals([[...taps.a.dataSync()], [...taps.b.dataSync()]], [[1, 3], [2, 6]]);
  });
});

Deno.test("hand: computes the next stage's input from any output of a stage", async () => {
  const build = (recipe: Net) =>
    buildModel(recipe, variables({ seed: 1, collected: new Map() }), IMAGE, CLASSES);
  for (const net of [build(wrn(10, 1)), build(small)]) {
    await withTensors([net], () => {
      const { frozen } = passes();
      const { taps, next } = net.run(tf.randomNormal([2, ...IMAGE]), frozen);
      for (const tap of Object.keys(net.shapes)) {
        assertEquals(net.hand(tap, taps[tap], frozen).dataSync(), next[tap].dataSync(), tap);
      }
    });
  }
});

Deno.test("buildModel: a copy starts at the original's values, in variables of its own", () => {
  const original = model("teacher.", { seed: 5, fixed: true });
  const copy = model("copy.", {}, original);
  const fresh = model("new.");
  original.variables.forEach((variable, i) => {
    assertEquals(copy.variables[i].initial(), variable.initial());
    assertEquals([variable.fixed, copy.variables[i].fixed], [true, false]);
  });
  assertEquals(copy.variables.length, original.variables.length);
  assertNotEquals(fresh.variables[0].initial(), original.variables[0].initial());
});

Deno.test("buildModel: an unknown tap is refused by name, with a suggestion", () => {
  const net = model("") as unknown as ReturnType<typeof buildModel<Net>>;
  const { exit, message } = assertThrows(() => net.shapes.blok2, Failure);
  assertEquals(exit, 2);
  assertEquals(
    message,
    "small has no tap blok2; it has stem, block1, block2, pooled, logits; did you mean block2?",
  );
});

Deno.test("classifier: its stages are made for the data set's classes", () => {
  const net = classifier(
    "flat",
    {},
    (classes) => ({ pooled: stage(globalAveragePool()), logits: stage(dense(classes)) }),
  );
  const at = (classes: number) =>
    buildModel(net, variables({ seed: 1, collected: new Map() }), [4, 4, 3], classes).shapes.logits;
  assertEquals([at(10), at(100)], [[10], [100]]);
});

Deno.test("lastMap: the last tap with a height and a width, and a network without one is refused", () => {
  const create = (recipe: Net) =>
    buildModel(recipe, variables({ seed: 1, collected: new Map() }), IMAGE, CLASSES);
  assertEquals(lastMap(create(small)), "block2");
  const { exit } = assertThrows(
    () => lastMap(create(networkOfVariables({ logits: [2, 5] }))),
    Failure,
  );
  assertEquals(exit, 2);
});

Deno.test("a stage may read earlier taps, and a head runs on demand, outside of `run`", async () => {
  const net: Net<"first" | "second"> & { heads: () => Heads<"head"> } = {
    id: "reading",
    options: {},
    stages: () => ({
      first: stage(dense(3), relu()),
      second: (_create, _input, shapes) => {
        const shape = earlier(shapes, "first");
        const run: StageModule = Object.assign(
          (...[x, , taps]: Parameters<StageModule>) => {
            const out = tf.add(x, earlier(taps, "first"));
            return { out, pre: out };
          },
          { shape, multiplyAdds: 0 },
        );
        return run;
      },
    }),
    heads: () => ({ head: { input: [4], stage: stage(dense(2)) } }),
  };
  const built = buildModel(net, variables({ seed: 1, collected: new Map() }), [5], 1);
  assertEquals(built.parts.head.map(({ name }) => name), ["head.weight", "head.bias"]);
  assertEquals([built.parameters, built.multiplyAdds], [5 * 3 + 3 + 4 * 2 + 2, 5 * 3]);
  const { stages, heads, parameters, frozen } = description(net, [5], 1);
  assertEquals(heads.map(({ name, shape }) => [name, shape]), [["head", [2]]]);
  assertEquals([stages.length, parameters, frozen], [2, built.parameters, 0]);
  await withTensors([built], () => {
    const { live } = passes();
    const { taps } = built.run(tf.ones([1, 5]), live);
    assertEquals(taps.second.dataSync(), tf.mul(taps.first, 2).dataSync());
    assertEquals(Object.keys(taps), ["first", "second"]);
    const alone = built.stage("second", tf.zeros([1, 3]), live, taps);
    assertEquals(alone.out.dataSync(), taps.first.dataSync());
    assertEquals(built.stage("head", tf.ones([6, 4]), live).out.shape, [6, 2]);
    assertThrows(() => built.stage("second", tf.zeros([1, 3]), live), Failure, "the tap first");
  });
});

Deno.test("buildModel: names that JavaScript reorders and branches that do not add up are refused", () => {
  const made = (stages: Parameters<typeof classifier>[2]) => () =>
    buildModel(
      classifier("own", {}, stages),
      variables({ seed: 1, collected: new Map() }),
      IMAGE,
      5,
    );
  const ends = { pooled: stage(globalAveragePool()), logits: stage(dense(5)) };
  const numbered = assertThrows(
    made(() => ({ stem: stage(conv(2)), "1": stage(relu()), ...ends })),
    Failure,
  );
  assertEquals([numbered.exit, numbered.message.split(":")[0]], [
    2,
    "own has a stage called 1, which JavaScript puts before those with other names",
  ]);
  const unlike = made(() => ({ stem: stage(residual(conv(4, { stride: 2 }))), ...ends }));
  const { exit, message } = assertThrows(unlike, Failure);
  assertEquals([exit, message], [
    2,
    "residual: the body gives [4,4,4], and its input is [8,8,3]: give it a shortcut of the body's shape",
  ]);
  const twice = made(() => ({
    stem: (create, input) => {
      stage(conv(2))(create, input);
      return stage(conv(2))(create, input);
    },
    ...ends,
  }));
  assertMatch(
    assertThrows(twice, Failure).message,
    /^there are two variables stem\.weight \(.*network_test\.ts:\d+\)$/,
  );
});

Deno.test("Model.run: a layer that declares another shape than it gives is named by its stage", async () => {
  const halved = module((x) => tf.avgPool(x as tf.Tensor4D, 2, 2, "valid"), IMAGE);
  const own = classifier("own", {}, () => ({
    stem: stage(() => halved),
    pooled: stage(globalAveragePool()),
    logits: stage(dense(CLASSES)),
  }));
  const model = buildModel(own, variables({ seed: 1, collected: new Map() }), IMAGE, CLASSES);
  await withTensors([model], () => {
    const { exit, message } = assertThrows(
      () => model.run(tf.zeros([2, ...IMAGE]), passes().frozen),
      Failure,
    );
    assertEquals([exit, message], [
      2,
      "the stage stem of own gives [4,4,3], but one of its layers declares [8,8,3] as its shape",
    ]);
  });
});

Deno.test("checkScores: logits are those of the data set's classes", () => {
  checkScores(model("student."));
  const { exit, message } = assertThrows(
    () => checkScores({ ...model("student."), classes: 7 }),
    Failure,
  );
  assertEquals([exit, message], [
    2,
    "small has logits of [5], but the data set has 7 classes: make as many as `stages(classes)` is given",
  ]);
});
