/** SLKD's students on ImageNet, trained alone. */
import { experiment, imagenet, scratch } from "../../../mod.ts";
import { slkdSetup } from "../../shared/imagenet.ts";
import { mapValues } from "../../shared/map_values.ts";

const { resnet18, mobilenetv1 } = imagenet;

export default mapValues(
  { resnet18, mobilenetv1 },
  (student) => experiment(import.meta, { ...slkdSetup, student, distiller: scratch() }),
);
