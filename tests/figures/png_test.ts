import { assert, assertEquals } from "@std/assert";
import { decode } from "fast-png";
import { paintPng, PNG_SCALE } from "../../lib/figures/png.ts";
import { pngAddress } from "../../lib/figures/pixels.ts";
import { drawSvg, FONT } from "../../lib/figures/svg.ts";
import { needs } from "../support/needs.ts";

const svg = (text: string, weight = "normal") =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20" fill="white"/>` +
  `<text x="4" y="14" font-size="12" font-family="${FONT}, Verdana, sans-serif" font-weight="${weight}">${text}</text></svg>`;

/** The number of pixels that are not white. */
const inked = (png: Uint8Array): number => {
  const { data, channels } = decode(png);
  return Array.from({ length: data.length / channels }, (_, i) => data[i * channels])
    .filter((red) => red < 255).length;
};

await needs(
  ["read"],
  "paintPng: is as large as the SVG says, twice over, with its letters",
  async () => {
    const png = await paintPng(svg("KL ‖"));
    const { width, height } = decode(png);
    assertEquals([width, height], [60 * PNG_SCALE, 20 * PNG_SCALE]);
    assertEquals(inked(await paintPng(svg(""))), 0);
    assert(inked(png) > 100);
    assert(inked(await paintPng(svg("KL ‖", "bold"))) > inked(png));
  },
);

await needs(["read"], "paintPng: equal SVGs have equal bytes", async () => {
  assertEquals(await paintPng(svg("a")), await paintPng(svg("a")));
});

await needs(["read", "env"], "paintPng: a picture that is not smooth keeps its edges", async () => {
  const colours = async (smooth: boolean) => {
    const url = pngAddress([[255, 0, 0], [0, 0, 255]], 2);
    const mark = { type: "image", width: 60, height: 30, aspect: false, smooth } as const;
    const encoding = { url: { value: url }, x: { value: 30 }, y: { value: 15 } };
    const chart = { width: 60, height: 30, data: { values: [{}] }, mark, encoding };
    const { data, channels } = decode(
      await paintPng(await drawSvg({ title: "", caption: [], chart })),
    );
    const pixels = Array.from({ length: data.length / channels }, (_, i) => i * channels);
    return new Set(
      pixels.map((i) => [...data.slice(i, i + 3)].join()).filter((one) => /^\d+,0,\d+$/.test(one)),
    );
  };
  assertEquals(await colours(false), new Set(["255,0,0", "0,0,255"]));
  assert((await colours(true)).size > 2);
});
