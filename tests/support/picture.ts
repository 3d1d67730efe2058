/**
 * Takes a picture of a report, as a browser shows it: `deno run -A tests/support/picture.ts
 * report.html picture.png [section]`. A section is `tables`, `runs`, `curves` and so on. Default: the
 * page from its top.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inBrowser, show } from "./browser.ts";

/** The size of the window in pixels. */
const [WIDTH, HEIGHT] = [1080, 600];

const [report, picture, section] = Deno.args;
await inBrowser(async (browser) => {
  const address = pathToFileURL(resolve(report)).href;
  const { page } = await show(browser, address, { width: WIDTH, theme: "light", density: 1.5 });
  await page.setViewportSize({ width: WIDTH, height: HEIGHT });
  const path = resolve(picture);
  if (section === undefined) await page.screenshot({ path });
  else await page.locator(`#${section}`).screenshot({ path });
});
