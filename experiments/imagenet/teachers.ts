/**
 * The papers' teachers on ImageNet. Theirs are torchvision's, trained elsewhere; ours learn as
 * SHAKE's students do, and teach SLKD's too. A file of one's own stands in an experiment as
 * `teacher: weights(imagenet.resnet34, { file: "resnet34.pth" })`.
 */
import { experiment, imagenet, scratch } from "../../mod.ts";
import { asShake } from "../shared/imagenet.ts";
import { mapValues } from "../shared/map_values.ts";

const { resnet34, resnet50 } = imagenet;

export default mapValues(
  { resnet34, resnet50 },
  (student) => experiment(import.meta, { ...asShake, student, distiller: scratch() }),
);
