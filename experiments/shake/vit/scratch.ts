/** SHAKE's ViT-T, trained alone. */
import { experiment, scratch } from "../../../mod.ts";
import { setup, vitTiny } from "./setup.ts";

export default experiment(import.meta, { ...setup, student: vitTiny, distiller: scratch() });
