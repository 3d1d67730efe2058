/** Detectors that a CPU can train, without trained weights to start from. */
import { type FasterRcnn, fasterRcnn, type imagenet } from "../../mod.ts";

/**
 * Faster R-CNN on images with sides of 256: narrower than usual after its body, with smaller
 * anchors and fewer regions. Its norms are batch norms, since no body is trained yet.
 */
export function detectorOn(body: imagenet.LargeResnet): FasterRcnn {
  return fasterRcnn({
    body,
    norm: "batch",
    channels: 64,
    hidden: 256,
    anchors: { sizes: [16, 32, 64, 128, 224] },
    regions: { canonicalSize: 112 },
    proposals: 500,
    sampled: { anchors: 128, regions: 128 },
  });
}
