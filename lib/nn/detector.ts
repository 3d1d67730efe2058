import type { DetectionLossOptions } from "./detection_loss.ts";
import type { TargetOptions } from "./detection_targets.ts";
import type { DetectionOptions } from "./detections.ts";
import type { Heads, Net } from "./network.ts";
import type { ProposalOptions } from "./proposals.ts";
import type { Earlier } from "./stage.ts";
import type { Shape } from "./variables.ts";

/** The taps of a feature pyramid, from the largest map on. */
export const PYRAMID = ["p2", "p3", "p4", "p5", "p6"] as const;

/** A tap of a feature pyramid. */
export type PyramidTap = typeof PYRAMID[number];

/** The anchors of a detector: boxes at each place of each level, one of each ratio. */
export interface Anchors {
  /** The side in pixels of a square one, for each level of the pyramid. */
  readonly sizes: readonly number[];
  /** Height over width. */
  readonly ratios: readonly number[];
  /**
   * Whether they are rounded and spread over the padded image, as torchvision's, or exact and at
   * multiples of a stride, as detectron2's. Default: `torchvision`.
   */
  readonly layout?: "torchvision" | "detectron2";
}

/** How a detector's head looks at regions. */
export interface Regions {
  /** Rows and columns of a pooled region. */
  readonly side: number;
  /** The side in pixels of a square region that is pooled from `p4`. */
  readonly canonicalSize: number;
  /** Whether a region is moved by half a pixel of its map (detectron2). Default: no. */
  readonly aligned?: boolean;
}

/** How a detector learns and how it finds objects. */
export interface Detecting {
  /** The regions that a training step proposes. */
  readonly training: ProposalOptions;
  /** The regions that an evaluation proposes. */
  readonly evaluation: ProposalOptions;
  readonly anchorTargets: TargetOptions;
  readonly regionTargets: TargetOptions;
  readonly rpnLoss: DetectionLossOptions;
  readonly headLoss: DetectionLossOptions;
  readonly detections: DetectionOptions;
}

/**
 * A network that finds objects, for methods and tasks that need one. Its pyramid is `p2` … `p6`, maps
 * of the same number of channels. `rpn`, [anchors, 5], has an objectness logit and four deltas for
 * each anchor: level by level, row by row, ratio by ratio. Its head `box` takes pooled regions, [side,
 * side, channels], and gives [classes + 4 · classes]: the logits of all classes, of which 0 is the
 * background, then four deltas of each. No classification method takes it: it is no `Scorer`.
 */
export type Detector<S extends string = never> = Net<PyramidTap | "rpn" | S> & {
  readonly heads: (classes: number, shapes: Earlier<Shape>) => Heads<"box">;
  readonly anchors: Anchors;
  readonly regions: Regions;
  readonly detecting: Detecting;
};
