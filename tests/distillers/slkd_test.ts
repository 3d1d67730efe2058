import { slkd } from "../../lib/distillers/slkd.ts";
import { method } from "../method.ts";

await method("slkd", () => slkd());
await method("slkd with one copy", () => slkd({ copies: 1 }));
await method("slkd as released", () => slkd({ released: true, fusion: 0.3 }));
