/** The parts of object detection, as the references compute them. */
import { boxes } from "../support/detection_boxes.ts";
import { cocoEvaluations } from "../support/detection_coco.ts";
import { frozenNorms } from "../support/detection_frozen_norm.ts";
import { losses } from "../support/detection_losses.ts";
import { networks } from "../support/detection_networks.ts";
import { regions } from "../support/detection_regions.ts";
import { resizes } from "../support/detection_resize.ts";
import { roiAligns } from "../support/detection_roi_align.ts";
import { training } from "../support/detection_training.ts";
import { goldens } from "../support/goldens.ts";

// Each case has JSON of its own, which only its checks know.
await goldens<never>(
  "detection",
  boxes,
  frozenNorms,
  losses,
  networks,
  regions,
  resizes,
  roiAligns,
  training,
  cocoEvaluations,
);
