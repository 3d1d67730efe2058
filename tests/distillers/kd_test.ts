import { kd } from "../../lib/distillers/kd.ts";
import { method } from "../method.ts";

await method("kd", () => kd());
