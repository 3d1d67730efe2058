// The font's files are found because this names its package.
import "dejavu-fonts-ttf/package.json" with { type: "json" };
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { FONT } from "./svg.ts";

/** The pixels of a PNG for each pixel of its SVG: 192 dots per inch. */
export const PNG_SCALE = 2;

const FONTS = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"];

let loaded: Promise<readonly Uint8Array[]> | undefined;

/** Loads the renderer, once, and reads the fonts. */
async function load(): Promise<readonly Uint8Array[]> {
  const read = (url: string) => Deno.readFile(new URL(url));
  await initWasm(await read(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  return await Promise.all(
    FONTS.map((name) => read(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`))),
  );
}

/** Paints an SVG as a PNG, with no font but the ones that come with it: equal SVGs, equal bytes. */
export async function paintPng(svg: string): Promise<Uint8Array> {
  const fonts = await (loaded ??= load());
  // Of the two names for sharp edges that Vega writes, resvg knows the first and obeys the last.
  const sharp = svg.replaceAll("image-rendering: pixelated;", "");
  const image = new Resvg(sharp, {
    fitTo: { mode: "zoom", value: PNG_SCALE },
    font: {
      fontBuffers: [...fonts],
      defaultFontFamily: FONT,
      sansSerifFamily: FONT,
      loadSystemFonts: false,
    },
  });
  const pixels = image.render();
  const png = pixels.asPng();
  pixels.free();
  image.free();
  return png;
}
