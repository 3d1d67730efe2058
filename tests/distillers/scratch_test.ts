import { scratch } from "../../lib/distillers/scratch.ts";
import { method } from "../support/method.ts";

await method("scratch", () => scratch(), { teacher: undefined });
