import * as tf from "@tensorflow/tfjs";
import { reluOp as rectify } from "../kernels/relu.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { conv, convNorm } from "../nn/conv.ts";
import { ANCHOR_TARGETS, REGION_TARGETS } from "../nn/detection_targets.ts";
import type { DetectionOptions } from "../nn/detections.ts";
import {
  type Anchors,
  type Detecting,
  type Detector,
  PYRAMID,
  type Regions,
} from "../nn/detector.ts";
import { coarserLevel, pyramidLevel } from "../nn/fpn.ts";
import { frozenConvNorm } from "../nn/frozen_norm.ts";
import { kaimingUniform } from "../nn/layer.ts";
import { dense, denseOnMap } from "../nn/layers.ts";
import type { Pass } from "../nn/pass.ts";
import { type Earlier, earlier, type LayerNames, type Stage } from "../nn/stage.ts";
import { constant, normal, sizeOf } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import {
  above,
  atLeast,
  atMost,
  below1,
  between,
  checkRange,
  checkRanges,
  whole,
} from "../values/range.ts";
import type { ConvNorm, DeepResnet } from "./deep_resnet.ts";
import { type LargeResnet, resnet50 } from "./imagenet.ts";

/** A body's taps, the stem and four maps. */
export type BodyTap = "stem" | "block1" | "block2" | "block3" | "block4";

/** Faster R-CNN's taps: the body's, the pyramid's and `rpn`. */
export type FasterRcnn = Detector<BodyTap>;

/** Options of `fasterRcnn`. */
export interface FasterRcnnOptions {
  /** The ResNet for large images whose body it has. Default: `imagenet.resnet50`. */
  readonly body?: LargeResnet;
  /** Number of channels of the body's stem. Default: 64. */
  readonly width?: number;
  /** Number of channels of each level of the pyramid. Default: 256. */
  readonly channels?: number;
  /** Number of units of each of the head's two hidden layers. Default: 1024. */
  readonly hidden?: number;
  /**
   * The norms of the body: `frozen`, which never change, for a body with trained weights, or batch
   * norms, which learn. Default: `frozen`.
   */
  readonly norm?: "frozen" | "batch";
  /**
   * Added to a variance before the square root of a frozen norm. torchvision's published weights for
   * COCO want 0. Default: 1e-5.
   */
  readonly epsilon?: number;
  /**
   * The body's stages that learn, from the last on: 5 are all. Default: 3, all but the stem and
   * `block1`; with batch norms 5, which they need.
   */
  readonly trainableLayers?: number;
  /**
   * The anchors. Default: sides of 32, 64, 128, 256 and 512 pixels, with ratios of 0.5, 1 and 2.
   */
  readonly anchors?: Partial<Pick<Anchors, "sizes" | "ratios">>;
  /**
   * How regions are pooled. Default: to 7 × 7, from `p4` if they have 224 × 224 pixels.
   */
  readonly regions?: Partial<Pick<Regions, "side" | "canonicalSize">>;
  /**
   * Whose anchors, pooling, proposals and losses it has. Detectron2 has L1 instead of smooth L1,
   * exact anchors, aligned regions, and 1000 instead of 2000 proposals in training. Default:
   * torchvision's.
   */
  readonly conventions?: DetectionLibrary;
  /** Whose initial values the head has. Default: `conventions`. */
  readonly start?: DetectionLibrary;
  /** Regions that a training step proposes of each image. Default: 2000, detectron2 1000. */
  readonly proposals?: number;
  /** Anchors and regions of each image that a training step samples. Default: 256 and 512. */
  readonly sampled?: { readonly anchors?: number; readonly regions?: number };
  /** Which detections count. Default: scores above 0.05, an overlap up to 0.5, 100 an image. */
  readonly detections?: DetectionOptions;
}

/** The libraries whose detectors differ in details. */
export type DetectionLibrary = "torchvision" | "detectron2";

/** What the libraries set in different ways. */
const CONVENTIONS: {
  readonly [L in DetectionLibrary]:
    & Pick<Detecting, "training" | "evaluation" | "rpnLoss" | "headLoss">
    & { readonly aligned?: true; readonly layout?: L };
} = {
  torchvision: {
    training: { before: 2000, after: 2000 },
    evaluation: { before: 1000, after: 1000 },
    rpnLoss: {},
    headLoss: {},
  },
  detectron2: {
    training: { before: 2000, after: 1000, side: 1e-30 },
    evaluation: { before: 1000, after: 1000, side: 1e-30 },
    rpnLoss: { beta: 0, divisor: 256 },
    headLoss: { beta: 0 },
    aligned: true,
    layout: "detectron2",
  },
};

/**
 * Faster R-CNN (Ren et al., 2015) with a feature pyramid (Lin et al., 2017) on a ResNet, as
 * torchvision builds it. Classes are counted with the background, 0. Throws a `Failure` (exit 2) if
 * an option is out of its range.
 *
 * @example
 * ```ts
 * import { fasterRcnn, imagenet } from "@retort/retort";
 *
 * export const small = fasterRcnn({ body: imagenet.resnet18, width: 16, channels: 64, hidden: 128 });
 * ```
 */
export function fasterRcnn(options: FasterRcnnOptions = {}): FasterRcnn {
  const { body: from = resnet50, width = 64, channels = 256, hidden = 1024 } = options;
  const { norm = "frozen", epsilon = 1e-5, conventions = "torchvision" } = options;
  const { start = conventions, sampled, detections = {} } = options;
  const { trainableLayers = norm === "batch" ? 5 : 3 } = options;
  const { sizes = [32, 64, 128, 256, 512], ratios = [0.5, 1, 2] } = options.anchors ?? {};
  const { side = 7, canonicalSize = 224 } = options.regions ?? {};
  const { aligned, layout, training, evaluation, rpnLoss, headLoss } = CONVENTIONS[conventions];
  const { proposals = training.after } = options;
  const { anchors: sampledAnchors = 256, regions: sampledRegions = 512 } = sampled ?? {};
  const anchors = { sizes, ratios, ...layout && { layout } };
  const regions = { side, canonicalSize, ...aligned && { aligned } };
  const numbers = { width, channels, hidden, epsilon, trainableLayers, proposals };
  check({ ...numbers, norm, anchors, regions, sampledAnchors, sampledRegions, detections });
  const detecting: Detecting = {
    training: { ...training, after: proposals },
    evaluation,
    anchorTargets: { ...ANCHOR_TARGETS, slots: sampledAnchors },
    regionTargets: { ...REGION_TARGETS, slots: sampledRegions },
    rpnLoss: rpnLoss.divisor ? { ...rpnLoss, divisor: sampledAnchors } : rpnLoss,
    headLoss,
    detections,
  };
  const layer = norm === "batch" ? convNorm : frozenLayer(epsilon);
  const body = from.of(layer, width);
  const name = from.id.replace(/^.*\./, "");
  return {
    id: `fasterrcnn_${name}_fpn`,
    options: {
      ...width === 64 ? {} : { width },
      ...channels === 256 ? {} : { channels },
      ...hidden === 1024 ? {} : { hidden },
      ...norm === "frozen" ? {} : { norm },
      ...epsilon === 1e-5 ? {} : { epsilon },
      ...options.trainableLayers === undefined ? {} : { trainableLayers },
      ...options.anchors === undefined ? {} : { anchors: { sizes, ratios } },
      ...options.regions === undefined ? {} : { regions: { side, canonicalSize } },
      ...conventions === "torchvision" ? {} : { conventions },
      ...start === conventions ? {} : { start },
      ...options.proposals === undefined ? {} : { proposals },
      ...sampled === undefined ? {} : { sampled: { ...sampled } },
      ...options.detections === undefined ? {} : { detections: { ...detections } },
    },
    anchors,
    regions,
    detecting,
    designSize: { size: 800, classes: 91 },
    flattened: ["box.fc6.weight"],
    names: (path) => names(path, body),
    presentName,
    stages(classes, image) {
      const { stem, block1, block2, block3, block4 } = body.stages(classes, image);
      const frozen = (stage: Stage, layer: number) =>
        layer <= 5 - trainableLayers ? frozenStage(stage) : stage;
      return {
        stem: frozen(stem, 1),
        block1: frozen(block1, 2),
        block2: frozen(block2, 3),
        block3: frozen(block3, 4),
        block4: frozen(block4, 5),
        p5: pyramidLevel(channels, "block4", true),
        p4: pyramidLevel(channels, "block3"),
        p3: pyramidLevel(channels, "block2"),
        p2: pyramidLevel(channels, "block1"),
        p6: coarserLevel("p5"),
        rpn: regionProposals(ratios.length),
      };
    },
    heads: (classes, shapes) => ({
      box: {
        input: [side, side, earlier(shapes, "p2")[2]],
        stage: boxHead(classes, hidden, start),
      },
    }),
  };
}

/** The options with their defaults. */
type Checked =
  & Required<
    Pick<
      FasterRcnnOptions,
      | "width"
      | "channels"
      | "hidden"
      | "norm"
      | "epsilon"
      | "trainableLayers"
      | "proposals"
      | "detections"
    >
  >
  & {
    readonly anchors: Anchors;
    readonly regions: Regions;
    readonly sampledAnchors: number;
    readonly sampledRegions: number;
  };

/** Throws a `Failure` (exit 2) if an option is out of its range, or does not go with another. */
function check(
  { norm, anchors: { sizes, ratios }, regions, detections, ...numbers }: Checked,
): void {
  const owner = "fasterRcnn";
  checkRanges(owner, numbers, {
    width: whole(),
    channels: whole(),
    hidden: whole(),
    epsilon: atLeast(0),
    trainableLayers: whole(0),
    proposals: whole(),
    sampledAnchors: whole(),
    sampledRegions: whole(),
  });
  const { side, canonicalSize } = regions;
  checkRanges(owner, { side, canonicalSize }, { side: whole(), canonicalSize: above(0) });
  checkRanges(owner, detections, {
    score: below1,
    threshold: between(),
    side: atLeast(0),
    limit: whole(),
  });
  for (const size of sizes) checkRange(owner, "anchors.sizes", size, above(0));
  for (const ratio of ratios) checkRange(owner, "anchors.ratios", ratio, above(0));
  checkRange(owner, "trainableLayers", numbers.trainableLayers, atMost(5, "the body's stages"));
  if (sizes.length !== PYRAMID.length || ratios.length === 0) {
    throw new Failure(
      2,
      `${owner}: \`anchors\` need a size for each of the ${PYRAMID.length} levels, and a ratio`,
    );
  }
  if (norm === "batch" && numbers.trainableLayers !== 5) {
    throw new Failure(
      2,
      `${owner}: batch norms learn in every stage: leave \`trainableLayers\` out, or freeze the norms`,
    );
  }
}

/** Makes convolutions with frozen norms. */
const frozenLayer = (epsilon: number): ConvNorm => (channels, options) =>
  frozenConvNorm(channels, { ...options, epsilon });

/** The same stage, whose variables never change. */
const frozenStage = (stage: Stage): Stage => (create, ...rest) => stage(create.frozen(), ...rest);

/** The region proposal network: one of shared weights on each level of the pyramid. */
function regionProposals(anchors: number): Stage {
  return (create, _, shapes) => {
    const maps = PYRAMID.map((level) => earlier(shapes, level));
    const channels = maps[0][2];
    const places = maps.reduce((sum, [height, width]) => sum + height * width, 0);
    const initial = normal(0.01);
    const place = [1, 1, channels];
    const hidden = conv(channels, { bias: true, initial })(create.in("hidden"), place);
    const one = { kernel: 1, bias: true, initial };
    const objectness = conv(anchors, one)(create.in("objectness"), place);
    const deltas = conv(4 * anchors, one)(create.in("deltas"), place);
    const run = (_: Tensor, pass: Pass, taps?: Earlier<Tensor>) => {
      const levels = PYRAMID.map((level) => {
        const x = rectify(hidden(earlier(taps, level), pass));
        const [batch] = x.shape;
        return tf.concat([
          tf.reshape(objectness(x, pass), [batch, -1, 1]),
          tf.reshape(deltas(x, pass), [batch, -1, 4]),
        ], 2);
      });
      const out = tf.concat(levels, 1);
      return { out, pre: out };
    };
    return Object.assign(run, {
      shape: [places * anchors, 5],
      multiplyAdds: places *
        (hidden.multiplyAdds + objectness.multiplyAdds + deltas.multiplyAdds),
    });
  };
}

/** Two dense layers with ReLUs on a pooled region, then the logits and the deltas of all classes. */
function boxHead(classes: number, hidden: number, start: DetectionLibrary): Stage {
  return (create, region) => {
    const own = start === "detectron2";
    const wide = (inputs: number) =>
      own ? { initial: kaimingUniform(inputs), biasInitial: constant(0) } : {};
    const narrow = (deviation: number) =>
      own ? { initial: normal(deviation), biasInitial: constant(0) } : {};
    const fc6 = denseOnMap(hidden, wide(sizeOf(region)))(create.in("fc6"), region);
    const fc7 = dense(hidden, wide(hidden))(create.in("fc7"), [hidden]);
    const logits = dense(classes, narrow(0.01))(create.in("logits"), [hidden]);
    const deltas = dense(4 * classes, narrow(0.001))(create.in("deltas"), [hidden]);
    const run = (x: Tensor, pass: Pass) => {
      const features = rectify(fc7(rectify(fc6(x, pass)), pass));
      const out = tf.concat([logits(features, pass), deltas(features, pass)], 1);
      return { out, pre: out };
    };
    const layers = [fc6, fc7, logits, deltas];
    return Object.assign(run, {
      shape: [5 * classes],
      multiplyAdds: layers.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0),
    });
  };
}

/** torchvision's names of the layers after the body. */
const NAMES: Readonly<Record<string, string>> = {
  "rpn.hidden": "rpn.head.conv.0.0",
  "rpn.objectness": "rpn.head.cls_logits",
  "rpn.deltas": "rpn.head.bbox_pred",
  "box.fc6": "roi_heads.box_head.fc6",
  "box.fc7": "roi_heads.box_head.fc7",
  "box.logits": "roi_heads.box_predictor.cls_score",
  "box.deltas": "roi_heads.box_predictor.bbox_pred",
};

function names(path: string, body: DeepResnet): LayerNames | undefined {
  if (NAMES[path]) return [NAMES[path]];
  const [, level, kind] = path.match(/^p([2-5])\.(lateral|smooth)$/) ?? [];
  if (level) {
    const blocks = kind === "lateral" ? "inner_blocks" : "layer_blocks";
    return [`backbone.fpn.${blocks}.${Number(level) - 2}.0`];
  }
  const [layer, norm] = body.names?.(path) ?? [];
  return layer === undefined
    ? undefined
    : [`backbone.body.${layer}`, norm && `backbone.body.${norm}`];
}

/** Older files have one `.0` less in the pyramid, and one or two in the region proposal network. */
function presentName(name: string): string {
  return name
    .replace(/(\bfpn\.(?:inner|layer)_blocks\.\d)\.(weight|bias)$/, "$1.0.$2")
    .replace(/(\brpn\.head\.conv)(?:\.0)?\.(weight|bias)$/, "$1.0.0.$2");
}

/** Faster R-CNN on ResNet-50, torchvision's `fasterrcnn_resnet50_fpn`. */
export const fasterRcnnResnet50: FasterRcnn = fasterRcnn();
