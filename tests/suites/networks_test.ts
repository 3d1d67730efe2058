/**
 * The sizes of the networks, on which the papers' tables depend, as measured on the reference
 * implementations.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { buildModel, type Classifier, type Model } from "../../lib/nn/network.ts";
import * as deep from "../../lib/networks/deep_resnet.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import * as regnet from "../../lib/networks/regnet.ts";
import * as resnet from "../../lib/networks/resnet.ts";
import * as shufflenet from "../../lib/networks/shufflenet.ts";
import * as vgg from "../../lib/networks/vgg.ts";
import * as wrn from "../../lib/networks/wrn.ts";
import { type Shape, sizeOf, variables } from "../../lib/nn/variables.ts";

/**
 * Parameters, running statistics, multiply-adds for an image of 32 × 32, and parameter tensors,
 * each with 100 classes.
 */
const SIZES: Readonly<Record<string, readonly [number, number, number, number]>> = {
  resnet8: [83_892, 672, 12_507_392, 29],
  resnet14: [181_108, 1_120, 26_663_168, 47],
  resnet20: [278_324, 1_568, 40_818_944, 65],
  resnet32: [472_756, 2_464, 69_130_496, 101],
  resnet44: [667_188, 3_360, 97_442_048, 137],
  resnet56: [861_620, 4_256, 125_753_600, 173],
  resnet110: [1_736_564, 8_288, 253_155_584, 335],
  resnet8x4: [1_233_540, 2_752, 177_071_104, 32],
  resnet32x4: [7_433_860, 9_920, 1_083_040_768, 104],
  vgg8: [3_965_028, 2_944, 96_192_512, 22],
  vgg11: [9_277_284, 5_504, 209_438_720, 34],
  vgg13: [9_462_180, 5_888, 284_936_192, 42],
  vgg16: [14_774_436, 8_448, 398_182_400, 54],
  vgg19: [20_086_692, 11_008, 511_428_608, 66],
  wrn_16_1: [180_916, 928, 26_663_168, 43],
  wrn_16_2: [703_284, 1_824, 101_118_464, 44],
  wrn_40_1: [569_780, 2_720, 83_286_272, 115],
  wrn_40_2: [2_255_156, 5_408, 327_610_880, 116],
  mobilenetv2: [812_836, 18_368, 6_523_648, 161],
  "mobilenetv2 width 1": [2_353_060, 34_176, 22_381_056, 161],
  shufflenetv1: [949_258, 23_736, 38_691_456, 149],
  shufflenetv2: [1_355_528, 16_180, 44_504_448, 170],
  resnet18: [11_220_132, 9_600, 555_468_800, 62],
  resnet34: [21_328_292, 17_024, 1_159_448_576, 110],
  resnet50: [23_705_252, 53_120, 1_298_014_208, 161],
  resnet101: [42_697_380, 105_344, 2_510_168_064, 314],
  resnet152: [58_341_028, 151_424, 3_722_321_920, 467],
};

/**
 * Parameters with 1,000 classes, parameters with 100, and multiply-adds for an image of 224 × 224
 * with 1,000 classes.
 */
const LARGE: Readonly<Record<string, readonly [number, number, number]>> = {
  "imagenet.resnet18": [11_689_512, 11_227_812, 1_814_073_344],
  "imagenet.resnet26": [17_960_232, 17_498_532, 2_738_917_376],
  "imagenet.resnet34": [21_797_672, 21_335_972, 3_663_761_408],
  "imagenet.resnet50": [25_557_032, 23_712_932, 4_089_184_256],
  "imagenet.resnet101": [44_549_160, 42_705_060, 7_801_405_440],
  "imagenet.mobilenetv1": [4_231_976, 3_309_476, 568_740_352],
  regnety_002: [3_162_996, 2_830_896, 199_514_080],
  regnety_004: [4_344_144, 3_947_244, 401_842_848],
  regnety_006: [6_055_160, 5_507_060, 601_220_992],
  regnety_008: [6_263_168, 5_571_068, 797_176_832],
  regnety_016: [11_202_430, 10_402_330, 1_612_076_160],
  regnety_032: [19_436_338, 18_074_638, 3_176_482_752],
  regnety_040: [20_646_656, 19_666_556, 3_973_288_448],
  regnety_064: [30_583_252, 29_415_952, 6_355_204_992],
  regnety_080: [39_180_068, 37_364_768, 7_963_057_312],
  regnety_120: [51_822_544, 49_805_644, 12_092_376_576],
  regnety_160: [83_590_140, 80_867_640, 15_911_510_272],
  regnety_320: [145_046_770, 141_705_070, 32_279_552_832],
};

/** Sides and channels of the maps from the stem on, and the length of the pooled feature. */
const TAPS: Readonly<
  Record<string, readonly (readonly [side: number, channels: number] | number)[]>
> = {
  "resnet\\d+": [[32, 16], [32, 16], [16, 32], [8, 64], 64],
  "resnet\\d+x4": [[32, 32], [32, 64], [16, 128], [8, 256], 256],
  "vgg\\d+": [[32, 64], [16, 128], [8, 256], [4, 512], [4, 512], 512],
  "wrn_\\d+_1": [[32, 16], [32, 16], [16, 32], [8, 64], 64],
  "wrn_\\d+_2": [[32, 16], [32, 32], [16, 64], [8, 128], 128],
  "mobilenetv2": [[16, 16], [16, 12], [8, 16], [4, 48], [2, 160], 1280],
  "mobilenetv2 width 1": [[16, 32], [16, 24], [8, 32], [4, 96], [2, 320], 1280],
  "shufflenetv1": [[32, 24], [16, 240], [8, 480], [4, 960], 960],
  "shufflenetv2": [[32, 24], [16, 116], [8, 232], [4, 464], 1024],
  "resnet(18|34)": [[32, 64], [32, 64], [16, 128], [8, 256], [4, 512], 512],
  "resnet(50|101|152)": [[32, 64], [32, 256], [16, 512], [8, 1024], [4, 2048], 2048],
  "imagenet.resnet(18|26|34)": [[112, 64], [56, 64], [28, 128], [14, 256], [7, 512], 512],
  "imagenet.resnet(50|101)": [[112, 64], [56, 256], [28, 512], [14, 1024], [7, 2048], 2048],
  "imagenet.mobilenetv1": [[112, 64], [56, 128], [28, 256], [14, 512], [7, 1024], 1024],
  regnety_002: [[112, 32], [56, 24], [28, 56], [14, 152], [7, 368], 368],
  regnety_004: [[112, 32], [56, 48], [28, 104], [14, 208], [7, 440], 440],
  regnety_006: [[112, 32], [56, 48], [28, 112], [14, 256], [7, 608], 608],
  regnety_008: [[112, 32], [56, 64], [28, 128], [14, 320], [7, 768], 768],
  regnety_016: [[112, 32], [56, 48], [28, 120], [14, 336], [7, 888], 888],
  regnety_032: [[112, 32], [56, 72], [28, 216], [14, 576], [7, 1512], 1512],
  regnety_040: [[112, 32], [56, 128], [28, 192], [14, 512], [7, 1088], 1088],
  regnety_064: [[112, 32], [56, 144], [28, 288], [14, 576], [7, 1296], 1296],
  regnety_080: [[112, 32], [56, 168], [28, 448], [14, 896], [7, 2016], 2016],
  regnety_120: [[112, 32], [56, 224], [28, 448], [14, 896], [7, 2240], 2240],
  regnety_160: [[112, 32], [56, 224], [28, 448], [14, 1232], [7, 3024], 3024],
  regnety_320: [[112, 32], [56, 232], [28, 696], [14, 1392], [7, 3712], 3712],
};

/** Finds the taps of a network in the last entry that matches. */
function tapsOf(name: string): Record<string, readonly number[]> {
  const maps =
    Object.entries(TAPS).findLast(([pattern]) => new RegExp(`^${pattern}$`).test(name))![1];
  return Object.fromEntries(
    maps.map((map, i) =>
      typeof map === "number"
        ? ["pooled", [map]]
        : [i === 0 ? "stem" : `block${i}`, [map[0], map[0], map[1]]]
    ),
  );
}

const { deepResnet: _, ...deepest } = deep;
const { wrn: _wrn, ...wrns } = wrn;
const { regnety: _regnety, ...regnets } = regnet;
const large: readonly Classifier[] = Object.values<Classifier>({ ...imagenet, ...regnets });
const networks: Readonly<Record<string, Classifier>> = {
  ...resnet,
  ...vgg,
  ...wrns,
  ...shufflenet,
  ...deepest,
  mobilenetv2: mobilenetv2(),
  "mobilenetv2 width 1": mobilenetv2({ width: 1 }),
};

Deno.test("networks: every one has its size here", () => {
  assertEquals(Object.keys(networks).sort(), Object.keys(SIZES).sort());
  assertEquals(
    large.map(({ id }) => id).sort(),
    Object.keys(LARGE).sort(),
  );
});

for (const [name, [parameters, statistics, multiplyAdds, tensors]] of Object.entries(SIZES)) {
  Deno.test(`networks: ${name} has the parameters, multiply-adds and taps of the papers'`, () => {
    const model = buildModel(networks[name], variables({ seed: 1, collected: new Map() }), [
      32,
      32,
      3,
    ], 100);
    const running = model.variables.filter(({ trainable }) => !trainable);
    assertEquals(networks[name].id, name.split(" ")[0]);
    assertEquals(model.parameters, parameters);
    assertEquals(model.multiplyAdds, multiplyAdds);
    assertEquals(running.reduce((sum, { shape }) => sum + sizeOf(shape), 0), statistics);
    assertEquals(model.variables.length - running.length, tensors);
    assertEquals<Readonly<Record<string, unknown>>>({ ...model.shapes }, {
      ...tapsOf(name),
      logits: [100],
    });
  });
}

for (const network of large) {
  Deno.test(`networks: ${network.id} has the parameters, multiply-adds and taps of the papers'`, () => {
    const [parameters, fewer, multiplyAdds] = LARGE[network.id];
    const made = (classes: number) =>
      buildModel(network, variables({ seed: 1, collected: new Map() }), [224, 224, 3], classes);
    const thousand = made(1000);
    assertEquals(thousand.parameters, parameters);
    assertEquals(made(100).parameters, fewer);
    assertEquals(thousand.multiplyAdds, multiplyAdds);
    assertEquals<Readonly<Record<string, unknown>>>({ ...thousand.shapes }, {
      ...tapsOf(network.id),
      logits: [1000],
    });
  });
}

Deno.test("networks: the head's weight and bias are the last stage's own variables", () => {
  for (const network of Object.values(networks)) {
    const { parts, shapes } = buildModel(network, variables({ seed: 1, collected: new Map() }), [
      32,
      32,
      3,
    ], 10);
    assertEquals(parts.logits.map(({ shape }) => shape), [[...shapes.pooled, 10], [10]]);
  }
});

Deno.test("networks: a wide ResNet's stage begins with the norm of the previous stage's `pre`", () => {
  const { parts, variables: all } = buildModel(
    wrn.wrn_16_1,
    variables({ seed: 1, collected: new Map() }),
    [32, 32, 3],
    10,
  );
  const after = (stage: string) =>
    ["scale", "offset", "mean", "variance"].map((name) => `${stage}.after.${name}`);
  const names = (stage: "block1" | "block2" | "pooled") => parts[stage].map(({ name }) => name);
  assertEquals(names("block1").some((name) => name.includes("after")), false);
  assertEquals(names("block2").slice(0, 4), after("block1"));
  assertEquals(names("pooled"), after("block3"));
  assertEquals(Object.values(parts).flat().length, all.length);
});

Deno.test("networks: a tap names the norm before its last ReLU, and a ShuffleNetV2 has none over all its channels", () => {
  for (const network of Object.values(networks)) {
    const model = buildModel(
      network,
      variables({ seed: 1, collected: new Map() }),
      [32, 32, 3],
      10,
    );
    for (const tap of ["block1", "block2", "block3"] as const) {
      const norm = () => (model as Model<Classifier<typeof tap>>).norm(tap);
      if (network.id === "shufflenetv2") {
        assertThrows(norm, Failure, "shufflenetv2 has no norm before");
      } else if (network.id !== "shufflenetv1" || tap !== "block1") {
        assertEquals(norm().scale.shape, [model.shapes[tap as "pooled"][2]]);
      }
    }
  }
  const { norm } = buildModel(
    wrn.wrn_16_2,
    variables({ seed: 1, collected: new Map(), prefix: "student." }),
    [32, 32, 3],
    10,
  );
  assertEquals(norm("block1").scale.name, "student.block1.after.scale");
});

Deno.test("networks: all but the VGGs accept 64 × 64 images, with maps twice as large", () => {
  for (const network of Object.values(networks).filter(({ id }) => !id.startsWith("vgg"))) {
    const shapes = (side: number): Readonly<Record<string, Shape>> =>
      buildModel(network, variables({ seed: 1, collected: new Map() }), [side, side, 3], 200)
        .shapes;
    const large = shapes(64);
    for (const [tap, [height, ...rest]] of Object.entries(shapes(32))) {
      assertEquals(large[tap][0], rest.length > 0 ? 2 * height : height, `${network.id} ${tap}`);
    }
  }
});

Deno.test("networks: a wide ResNet of a depth that is not 6n + 4 is refused", () => {
  assertThrows(
    () => wrn.wrn(17, 2),
    Failure,
    "wrn(17, 2): the depth must be 6n + 4",
  );
  assertThrows(() => wrn.wrn(16, 0.5), Failure, "the width a whole number");
});

Deno.test("networks: on 64 × 64 a VGG pools once more, so that its last map is still 4 × 4", () => {
  const { shapes } = buildModel(
    vgg.vgg8,
    variables({ seed: 1, collected: new Map() }),
    [64, 64, 3],
    10,
  );
  assertEquals([shapes.block3, shapes.block4], [[8, 8, 512], [4, 4, 512]]);
});
