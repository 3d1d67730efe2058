import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { weights } from "../../lib/experiment/weights.ts";
import { resnet8 } from "../../lib/networks/resnet.ts";
import { resolveWeights } from "../../lib/weights/locate_weights.ts";
import { needs } from "../support/needs.ts";

await needs(
  ["read"],
  "resolveWeights: a path of the project, a URL and a URL as a text",
  async () => {
    const pathOf = async (file: string | URL) =>
      (await resolveWeights(weights(resnet8, { file }), "/project", "/data")).path;
    const here = join(import.meta.dirname!, "a b.pth");
    assertEquals(await pathOf("a b.pth"), "/project/a b.pth");
    assertEquals(await pathOf(here), here);
    assertEquals(await pathOf(new URL("./a b.pth", import.meta.url)), here);
    assertEquals(await pathOf(import.meta.resolve("./a b.pth")), here);
  },
);
