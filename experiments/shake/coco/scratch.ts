/** SHAKE's detector on ResNet-50, trained alone. */
import { experiment, scratch } from "../../../mod.ts";
import { setup, student } from "./setup.ts";

export default experiment(import.meta, { ...setup, student, distiller: scratch() });
