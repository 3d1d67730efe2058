/** The parts of object detection, as the references compute them. */
import { cocoEvaluations } from "../support/detection_coco.ts";
import { resizes } from "../support/detection_resize.ts";
import { goldens } from "../support/goldens.ts";

// Each case has JSON of its own, which only its check knows.
await goldens<never>("detection", [
  ...cocoEvaluations,
  ...resizes,
]);
