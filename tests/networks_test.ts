/** The sizes of the networks, which the papers' tables depend on: those of the reference implementations, measured. */
import { assertEquals } from "@std/assert";
import { build, type Classifier } from "../lib/network.ts";
import * as resnet from "../lib/networks/resnet.ts";
import * as vgg from "../lib/networks/vgg.ts";
import { sizeOf, type Variable, variables } from "../lib/variables.ts";

/** Parameters, running statistics, multiply-adds for an image of 32 × 32, parameter tensors; 100 classes. */
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
};

/** Shapes of the taps between the stem and the logits, by the network's widths. */
const taps = {
  thin: { stem: [32, 32, 16], block1: [32, 32, 16], block2: [16, 16, 32], block3: [8, 8, 64], pooled: [64] },
  wide: { stem: [32, 32, 32], block1: [32, 32, 64], block2: [16, 16, 128], block3: [8, 8, 256], pooled: [256] },
  vgg: {
    stem: [32, 32, 64],
    block1: [16, 16, 128],
    block2: [8, 8, 256],
    block3: [4, 4, 512],
    block4: [4, 4, 512],
    pooled: [512],
  },
};

const networks: Readonly<Record<string, Classifier>> = { ...resnet, ...vgg };

Deno.test("networks: every one has its size here", () => {
  assertEquals(Object.keys(networks).sort(), Object.keys(SIZES).sort());
});

for (const [name, [parameters, statistics, multiplyAdds, tensors]] of Object.entries(SIZES)) {
  Deno.test(`networks: ${name} has the parameters, multiply-adds and taps of the papers'`, () => {
    const collected = new Map<string, Variable>();
    const player = build(networks[name], variables({ seed: 1, collected }), [32, 32, 3], 100);
    const running = player.variables.filter(({ trainable }) => !trainable);
    assertEquals(networks[name].id, name);
    assertEquals(player.parameters, parameters);
    assertEquals(player.multiplyAdds, multiplyAdds);
    assertEquals(running.reduce((sum, { shape }) => sum + sizeOf(shape), 0), statistics);
    assertEquals(player.variables.length - running.length, tensors);
    const widths = name.startsWith("vgg") ? taps.vgg : name.endsWith("x4") ? taps.wide : taps.thin;
    assertEquals<Readonly<Record<string, unknown>>>({ ...player.shapes }, { ...widths, logits: [100] });
  });
}

Deno.test("networks: on 64 × 64 a VGG pools once more, so that its last map is 4 × 4 all the same", () => {
  const { shapes } = build(vgg.vgg8, variables({ seed: 1, collected: new Map() }), [64, 64, 3], 10);
  assertEquals([shapes.block3, shapes.block4], [[8, 8, 512], [4, 4, 512]]);
});
