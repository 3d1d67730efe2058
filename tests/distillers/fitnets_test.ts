import { fitnets } from "../../lib/distillers/fitnets.ts";
import { method } from "../method.ts";

await method("fitnets", () => fitnets());
await method("fitnets from a larger map", () => fitnets({ guided: "block1", hint: "block2", weight: 10 }));
