/** A headless Chromium for tests of pages. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { everything, granted } from "./needs.ts";

const CHROMIUM = "/usr/bin/chromium";

/** How a page is opened. */
export interface Visit {
  /** The width of the window in pixels. */
  readonly width: number;
  readonly theme: "light" | "dark";
  /** Dots for each pixel. Default: 1. */
  readonly density?: number;
}

/** A page that a browser shows, and what happened there. */
export interface Shown {
  readonly page: Page;
  /** What the console said, and errors. */
  readonly said: readonly string[];
  /** The addresses that the page asked for, but for its own. */
  readonly asked: readonly string[];
}

/**
 * Registers a test in Chromium. Where there is none, or a permission lacks, the test is ignored, and
 * its name says so.
 */
export async function needsBrowser(
  name: string,
  fn: (open: (address: string, visit: Visit) => Promise<Shown>) => Promise<void>,
): Promise<void> {
  const lacks = !(await granted(everything))
    ? "run: deno task test"
    : existsSync(CHROMIUM)
    ? undefined
    : `needs ${CHROMIUM}`;
  Deno.test({
    name: lacks ? `${name} (${lacks})` : name,
    ignore: lacks !== undefined,
    // The driver's pipes to the browser are its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => inBrowser((browser) => fn((address, visit) => show(browser, address, visit))),
  });
}

/** Starts the browser, and closes it after `use`. */
export async function inBrowser(use: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

/** Opens a page in a window of its own. */
export async function show(
  browser: Browser,
  address: string,
  { width, theme, density = 1 }: Visit,
): Promise<Shown> {
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: theme,
    deviceScaleFactor: density,
  });
  page.setDefaultTimeout(10_000);
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => {
    const isOwn = request.url() === address || request.url().startsWith("data:");
    if (!isOwn) asked.push(request.url());
  });
  await page.goto(address);
  return { page, said, asked };
}
