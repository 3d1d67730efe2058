import { convNorm } from "../nn/conv.ts";
import type { Layer } from "../nn/layer.ts";
import { dense, globalAveragePool, relu, residual, seq, squeezeExcite } from "../nn/layers.ts";
import { type Classifier, classifier } from "../nn/network.ts";
import { type LayerNames, type Stage, stage } from "../nn/stage.ts";
import { constant, normal } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { roundToEven } from "../values/numbers.ts";
import { above, atLeast, checkRanges, whole } from "../values/range.ts";

/** A RegNet's taps: the stem and four stages of one resolution each. */
export type Regnet = Classifier<"stem" | "block1" | "block2" | "block3" | "block4">;

/**
 * The widths of a RegNet's blocks: block j would have `width` + `slope` · j channels, of which the
 * nearest `width` · `multiplier`ⁿ is taken, n = 0, 1, …
 */
export interface RegnetRule {
  /** Number of blocks. */
  readonly depth: number;
  /** Channels of the first block, w₀, at least 8. */
  readonly width: number;
  /** Channels that each further block adds, w_a. */
  readonly slope: number;
  /** The factor between two stages, w_m. It has to give four of them. */
  readonly multiplier: number;
  /** Channels of a group in the 3×3 convolutions. */
  readonly group: number;
}

/** The blocks of a stage. */
interface Blocks {
  readonly count: number;
  readonly channels: number;
  /** Channels of a group. */
  readonly group: number;
}

/**
 * RegNetY (Radosavovic et al., 2020) for large images: bottleneck blocks of one width within a
 * stage, with grouped 3×3 convolutions and squeeze-and-excitation to a quarter of a block's input
 * channels. Numbers and initial values are timm's. Throws a `Failure` (exit 2) if a number is out of
 * its range or the rule does not give four stages.
 *
 * @example
 * ```ts
 * import { regnety } from "@retort/retort";
 *
 * const rule = { depth: 8, width: 16, slope: 8, multiplier: 1.6, group: 8 };
 * export const small = regnety("small", rule);
 * ```
 */
export function regnety(id: string, rule: RegnetRule): Regnet {
  checkRanges("regnety", { ...rule }, {
    depth: whole(),
    width: whole(8),
    slope: atLeast(0),
    multiplier: above(1),
    group: whole(),
  });
  const stages = stagesOf(rule);
  if (stages.length !== 4) {
    throw new Failure(
      2,
      `regnety("${id}", …): its rule gives ${stages.length} stages, not 4: change \`slope\`, ` +
        "`multiplier` or `depth`",
    );
  }
  const [block1, block2, block3, block4] = stages.map(blocks);
  return classifier(
    id,
    { ...rule },
    (classes) => ({
      stem: stage(convNorm(32, { stride: 2 }), relu()),
      block1,
      block2,
      block3,
      block4,
      pooled: stage(globalAveragePool()),
      logits: stage(dense(classes, { initial: normal(0.01), biasInitial: constant(0) })),
    }),
    names,
    { size: 224, classes: 1000 },
  );
}

/** The stages of a rule: blocks of one width, which their groups divide. */
function stagesOf({ depth, width, slope, multiplier, group }: RegnetRule): Blocks[] {
  const widths = Array.from({ length: depth }, (_, j) => {
    const power = roundToEven(Math.log((width + slope * j) / width) / Math.log(multiplier));
    return 8 * roundToEven(width * multiplier ** power / 8);
  });
  return Array.from(Map.groupBy(widths, (width) => width), ([width, { length: count }]) => {
    const own = Math.min(group, width);
    return { count, channels: own * roundToEven(width / own), group: own };
  });
}

/** The first block of a stage halves the map. */
function blocks({ count, channels, group }: Blocks): Stage {
  const shortcut = convNorm(channels, { kernel: 1, stride: 2 });
  const others = Array.from(
    { length: count - 1 },
    () => [relu(), residual(body(channels, group, 1))],
  );
  return stage(seq(residual(body(channels, group, 2), shortcut), ...others.flat()), relu());
}

/** A block adds nothing at first: its last norm's factors start at 0. */
function body(channels: number, group: number, stride: number): Layer {
  return (create, input) =>
    seq(
      convNorm(channels, { kernel: 1 }),
      relu(),
      convNorm(channels, {
        stride,
        groups: channels / group,
        initial: normal(Math.sqrt(2 / (9 * group))),
      }),
      relu(),
      squeezeExcite(roundToEven(input[2] / 4)),
      convNorm(channels, { kernel: 1, scaleInitial: constant(0) }),
    )(create, input);
}

const ENDS: Readonly<Record<string, LayerNames>> = {
  stem: ["stem.conv", "stem.bn"],
  logits: ["head.fc"],
};

const PARTS: Readonly<Record<string, readonly string[]>> = {
  "body.0": ["conv1.conv", "conv1.bn"],
  "body.2": ["conv2.conv", "conv2.bn"],
  "body.4.squeeze": ["se.fc1"],
  "body.4.excite": ["se.fc2"],
  "body.5": ["conv3.conv", "conv3.bn"],
  shortcut: ["downsample.conv", "downsample.bn"],
};

/** timm's names. A ReLU stands between two blocks. */
function names(path: string): LayerNames | undefined {
  const [, number, position, part] = path.match(/^block(\d)\.(\d+)\.(.+)$/) ?? [];
  if (!part) return ENDS[path];
  const [layer, norm] = PARTS[part] ?? [];
  const block = `s${number}.b${Number(position) / 2 + 1}`;
  return layer ? [`${block}.${layer}`, norm && `${block}.${norm}`] : undefined;
}

/** RegNetY of 200 million multiply-adds. */
export const regnety_002: Regnet = regnety("regnety_002", {
  depth: 13,
  width: 24,
  slope: 36.44,
  multiplier: 2.49,
  group: 8,
});
/** RegNetY of 400 million multiply-adds. */
export const regnety_004: Regnet = regnety("regnety_004", {
  depth: 16,
  width: 48,
  slope: 27.89,
  multiplier: 2.09,
  group: 8,
});
/** RegNetY of 600 million multiply-adds. */
export const regnety_006: Regnet = regnety("regnety_006", {
  depth: 15,
  width: 48,
  slope: 32.54,
  multiplier: 2.32,
  group: 16,
});
/** RegNetY of 800 million multiply-adds. */
export const regnety_008: Regnet = regnety("regnety_008", {
  depth: 14,
  width: 56,
  slope: 38.84,
  multiplier: 2.4,
  group: 16,
});
/** RegNetY of 1.6 billion multiply-adds. */
export const regnety_016: Regnet = regnety("regnety_016", {
  depth: 27,
  width: 48,
  slope: 20.71,
  multiplier: 2.65,
  group: 24,
});
/** RegNetY of 3.2 billion multiply-adds. */
export const regnety_032: Regnet = regnety("regnety_032", {
  depth: 21,
  width: 80,
  slope: 42.63,
  multiplier: 2.66,
  group: 24,
});
/** RegNetY of 4 billion multiply-adds. */
export const regnety_040: Regnet = regnety("regnety_040", {
  depth: 22,
  width: 96,
  slope: 31.41,
  multiplier: 2.24,
  group: 64,
});
/** RegNetY of 6.4 billion multiply-adds. */
export const regnety_064: Regnet = regnety("regnety_064", {
  depth: 25,
  width: 112,
  slope: 33.22,
  multiplier: 2.27,
  group: 72,
});
/** RegNetY of 8 billion multiply-adds. */
export const regnety_080: Regnet = regnety("regnety_080", {
  depth: 17,
  width: 192,
  slope: 76.82,
  multiplier: 2.19,
  group: 56,
});
/** RegNetY of 12 billion multiply-adds. */
export const regnety_120: Regnet = regnety("regnety_120", {
  depth: 19,
  width: 168,
  slope: 73.36,
  multiplier: 2.37,
  group: 112,
});
/** RegNetY of 16 billion multiply-adds. */
export const regnety_160: Regnet = regnety("regnety_160", {
  depth: 18,
  width: 200,
  slope: 106.23,
  multiplier: 2.48,
  group: 112,
});
/** RegNetY of 32 billion multiply-adds. */
export const regnety_320: Regnet = regnety("regnety_320", {
  depth: 20,
  width: 232,
  slope: 115.89,
  multiplier: 2.53,
  group: 232,
});
