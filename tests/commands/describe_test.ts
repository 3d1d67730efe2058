import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { runDescribe } from "../../lib/commands/describe.ts";
import { description } from "../../lib/nn/description.ts";
import { Failure } from "../../lib/values/failure.ts";
import { findNetwork, listNetworks } from "../../lib/project/find_network.ts";
import { buildModel } from "../../lib/nn/network.ts";
import { variables } from "../../lib/nn/variables.ts";
import { resnet8x4, vgg8 } from "../../mod.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys } from "../support/toy_runs.ts";
import { project } from "../support/toy_project.ts";

const outputOf = async (...args: string[]): Promise<string[]> => {
  const lines: string[] = [];
  await runDescribe(args, (line) => lines.push(line));
  return lines;
};

const failureOf = async (exit: number, ...args: string[]): Promise<string> => {
  const failure = await assertRejects(() => runDescribe(args), Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
};

Deno.test("description: vgg8 and resnet8x4 have the papers' sizes, stage by stage", () => {
  const vgg = description(vgg8, [32, 32, 3], 100);
  const resnet = description(resnet8x4, [32, 32, 3], 100);
  assertEquals([vgg.id, vgg.parameters, vgg.multiplyAdds], ["vgg8", 3_965_028, 96_192_512]);
  assertEquals([resnet.id, resnet.parameters, resnet.multiplyAdds], [
    "resnet8x4",
    1_233_540,
    177_071_104,
  ]);
  assertEquals(
    vgg.stages.map(({ name }) => name).join(),
    "stem,block1,block2,block3,block4,pooled,logits",
  );
  assertEquals(vgg.stages[0], {
    name: "stem",
    shape: [32, 32, 64],
    parameters: 1920,
    frozen: 0,
    multiplyAdds: 1_769_472,
    productMultiplyAdds: 0,
  });
  assertEquals(vgg.stages.at(-1), {
    name: "logits",
    shape: [100],
    parameters: 51_300,
    frozen: 0,
    multiplyAdds: 51_200,
    productMultiplyAdds: 0,
  });
});

Deno.test("description: every network is the sum of its stages and has the taps of the built network", () => {
  for (const { name, network } of listNetworks()) {
    const image = [64, 64, 3];
    const found = description(network, image, 10);
    const model = buildModel(network, variables({ seed: 1, collected: new Map() }), image, 10);
    assertEquals([found.parameters, found.multiplyAdds], [
      model.parameters,
      model.multiplyAdds,
    ], name);
    assertEquals(Object.fromEntries(found.stages.map(({ name, shape }) => [name, shape])), {
      ...model.shapes,
    });
  }
});

Deno.test("networks: all are listed by the names of their exports, functions with their defaults", async () => {
  const names = listNetworks().map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (
    const name of [
      "vgg8",
      "wrn_16_2",
      "mobilenetv2",
      "shufflenetv1",
      "imagenet.resnet18",
      "imagenet.mobilenetv1",
    ]
  ) {
    assert(names.includes(name), name);
    assert((await findNetwork(name)).stages(10, [32, 32, 3]), name);
  }
  assert(
    names.indexOf("resnet8") < names.indexOf("resnet14") &&
      names.indexOf("resnet14") < names.indexOf("resnet110"),
  );
  for (const name of ["wrn", "relu", "kd", "imagenet", "default"]) {
    assert(!names.includes(name), name);
  }
});

Deno.test("describe: a network has a table and JSON", async () => {
  const [text] = await outputOf("vgg8");
  assertEquals(
    text,
    `
vgg8: images of 32×32×3, 100 classes

tap         shape  parameters  multiply-adds
stem     32×32×64       1,920      1,769,472
block1  16×16×128      74,112     18,874,368
block2    8×8×256     295,680     18,874,368
block3    4×4×512   1,181,184     18,874,368
block4    4×4×512   2,360,832     37,748,736
pooled        512           0              0
logits        100      51,300         51,200
total               3,965,028     96,192,512`.slice(1),
  );
  const [json] = await outputOf("resnet8x4", "--json");
  assertEquals(JSON.parse(json), {
    id: "resnet8x4",
    parameters: 1_233_540,
    multiplyAdds: 177_071_104,
    taps: {
      ...{ stem: [32, 32, 32], block1: [32, 32, 64], block2: [16, 16, 128], block3: [8, 8, 256] },
      ...{ pooled: [256], logits: [100] },
    },
  });
});

Deno.test("describe: the id of a network, as tables print it, is refused with its names", async () => {
  for (const [id, names] of [["deit_small_p16", "deitSmall"], ["vit_tiny_p16", "vit or vitTiny"]]) {
    const { exit, message } = await assertRejects(() => outputOf(id), Failure);
    assertEquals([exit, message.split("; ").at(-1)], [2, `did you mean ${names}?`]);
  }
});

Deno.test("describe: --classes and --size, and their defaults for networks of a design", async () => {
  const taps = async (...args: string[]) => JSON.parse((await outputOf(...args, "--json"))[0]).taps;
  const small = await taps("vgg8", "--classes", "10", "--size", "64");
  assertEquals([small.stem, small.block4, small.logits], [[64, 64, 64], [4, 4, 512], [10]]);
  const large = await taps("imagenet.resnet18");
  assertEquals([large.stem, large.block4, large.logits], [[112, 112, 64], [7, 7, 512], [1000]]);
  assertEquals((await taps("imagenet.resnet18", "--classes", "5", "--size", "64")).logits, [5]);
  const patches = await taps("deitTiny");
  assertEquals([patches.embedded, patches.logits], [[14, 14, 192], [1000]]);
  const [help] = await outputOf("--help");
  for (const [flag, usual] of [["classes", 100], ["size", 32]]) {
    const line = help.split("\n").find((line) => line.includes(`--${flag} `))!;
    assert(line.endsWith(`what the network was designed for, else ${usual}`), line);
  }
});

Deno.test("describe: without an argument it lists every network in a line", async () => {
  const [text] = await outputOf();
  const lines = text.split("\n");
  assertEquals(lines.length, listNetworks().length + 1);
  assertStringIncludes(text, "\nvgg8 ");
  assert(lines.some((line) => /^resnet8x4 +1,233,540 +177,071,104$/.test(line)), text);
  const rows = (await outputOf("--json")).map((line) => JSON.parse(line));
  const { name, id, parameters, taps } = rows.find(({ name }) => name === "imagenet.resnet18");
  assertEquals([rows.length, name, id, parameters, taps.logits], [
    listNetworks().length,
    name,
    name,
    11_689_512,
    [
      1000,
    ],
  ]);
});

Deno.test("describe: usage errors have exit code 2 and a hint", async () => {
  const message = await failureOf(2, "vgg9");
  assertStringIncludes(message, "there is no network vgg9; `deno task describe` lists them all, ");
  assertStringIncludes(message, "is one of your own; did you mean vgg8?");
  assertStringIncludes(
    await failureOf(2, "nothing_like_it"),
    "there is no network nothing_like_it; `deno",
  );
  assertStringIncludes(
    await failureOf(2, "vgg8", "vgg11"),
    "one at a time: deno task describe vgg8",
  );
  assertStringIncludes(await failureOf(2, "vgg8", "--classses", "3"), "did you mean --classes?");
  assertStringIncludes(
    await failureOf(2, "vgg8", "--size", "1"),
    "images of 1×1×3 are too small for vgg8",
  );
  assertStringIncludes((await outputOf("--help"))[0], "usage: deno task describe");
});

const OWN = `import { classifier, convNorm, dense, globalAveragePool, stage } from "${new URL(
  "../../mod.ts",
  import.meta.url,
)}";
const stages = (classes: number) => ({ stem: stage(convNorm(4)), pooled: stage(globalAveragePool()), logits: stage(dense(classes)) });
export const tiny = classifier("tiny", {}, stages);
export const made = ({ width = 4 } = {}) => classifier("made", { width }, stages);
export const large = { ...classifier("large", {}, stages), designSize: { size: 48, classes: 7 } };
export default classifier("standard", {}, stages);
export const fails = (): never => { throw new Error("not to be called without being named"); };
`;

await needs(
  ["read", "write", "env"],
  "describe: a network of a module is found by its name",
  () =>
    project({ "own.ts": OWN, "lonely.ts": "export const a = 1;" }, async (folder) => {
      const describe = async (spec: string) =>
        JSON.parse((await outputOf(`${folder}/${spec}`, "--json"))[0]);
      const id = async (spec: string) => (await describe(spec)).id;
      const { taps } = await describe("own.ts#large");
      assertEquals(
        [taps.stem, taps.logits],
        [[48, 48, 4], [7]],
        "for the images that it says itself",
      );
      assertEquals(await id("own.ts#tiny"), "tiny");
      assertEquals(await id("own#made"), "made");
      assertEquals(await id("own.ts"), "standard");
      assertStringIncludes(await failureOf(2, `${folder}/own.ts#tny`), "own.ts has large, tiny");
      assertStringIncludes(
        await failureOf(2, `${folder}/lonely.ts#a`),
        "lonely.ts exports no experiment",
      );
      assertStringIncludes(await failureOf(2, `${folder}/onw.ts#tiny`), "did you mean");
      const failure = await assertRejects(() => findNetwork(`${folder}/own.ts#fails`), Failure);
      assertStringIncludes(failure.message, "own.ts#fails is not a network; ");
    }),
);

await needs(
  everything,
  "describe: an experiment has its student and teachers, for the images of its data set",
  () =>
    toys(
      PAIR + `
import { cifar10 } from "${new URL("../../datasets/cifar.ts", import.meta.url)}";
export const away = experiment(import.meta, { dataset: cifar10(), schedule, student: small, distiller: scratch() });
const nowhere = imageFolder({ folder: "nowhere", size: 8 });
export const absent = experiment(import.meta, { dataset: nowhere, schedule, student: small, distiller: scratch() });
`,
      async (toys) => {
        const [line] = await outputOf(toys.path("toy.ts#student"), "--json");
        const { experiment, id, parameters, multiplyAdds, taps, teachers, ...rest } = JSON.parse(
          line,
        );
        assertEquals([experiment, id, rest], ["toy#student", "small", {}]);
        assertEquals([parameters, multiplyAdds], [
          261,
          64 * 54 + 2 * 64 * 36 + 4 * 72 + 4 * 8 + 20,
        ]);
        assertEquals(taps, {
          stem: [8, 8, 2],
          block1: [8, 8, 2],
          block2: [2, 2, 4],
          pooled: [4],
          logits: [5],
        });
        assertEquals(teachers.map(({ id, taps }: { id: string; taps: unknown }) => [id, taps]), [
          ["large", {
            stem: [8, 8, 4],
            block1: [8, 8, 4],
            block2: [2, 2, 8],
            pooled: [8],
            logits: [5],
          }],
        ]);
        const [text] = await outputOf(toys.path("toy.ts#student"));
        assertStringIncludes(
          text,
          "toy#student: synthetic, images of 8×8×3, 5 classes\n\nstudent small\n\ntap",
        );
        assertStringIncludes(text, "\n\nteacher large\n\ntap");
        const away = await failureOf(3, toys.path("toy.ts#away"), "--data", toys.path("data"));
        assertStringIncludes(away, "data/cifar-10-batches-bin: a run downloads ");
        assertEquals(existsSync(toys.path("data")), false);
        const absent = toys.path("toy.ts#absent");
        const message = await failureOf(3, absent, "--data", toys.path("data"));
        assertStringIncludes(message, "--size and --classes together need no data set");
        const [without] = await outputOf(absent, "--size", "16", "--classes", "7", "--json");
        assertEquals(JSON.parse(without).taps.logits, [7]);
        assertEquals(
          (await outputOf(toys.path("toy.ts#student"), "--classes", "9", "--json"))[0].includes(
            "[9]",
          ),
          true,
        );
      },
    ),
);

await needs(
  everything,
  "describe: a module shows the networks that it exports, and its experiments",
  async () => {
    const module = new URL("../../experiments/examples/own_network.ts", import.meta.url).pathname;
    const lines: string[] = [];
    await runDescribe([module, "--json"], (line) => lines.push(line));
    const found = lines.map((line) => JSON.parse(line));
    assertEquals(found.map(({ id, experiment }) => [id, experiment]), [
      ["tiny", undefined],
      ["tiny", "experiments/examples/own_network"],
    ]);
  },
);
