/**
 * The papers' teachers on ImageNet. The papers took torchvision's weights. These are trained like
 * SHAKE's students, and also teach SLKD's students. To use a weights file in an experiment:
 * `teacher: weights(imagenet.resnet34, { file: "resnet34.pth" })`.
 */
import { experiment, imagenet, scratch } from "../../mod.ts";
import { shakeSetup } from "../shared/imagenet.ts";
import { mapValues } from "../shared/map_values.ts";

const { resnet34, resnet50 } = imagenet;

export default mapValues(
  { resnet34, resnet50 },
  (student) => experiment(import.meta, { ...shakeSetup, student, distiller: scratch() }),
);
