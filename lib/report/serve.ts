import { timingSafeEqual } from "node:crypto";
import { Failure } from "../values/failure.ts";
import type { LiveEvent, LiveRuns } from "./live_runs.ts";
import type { Page } from "./page.ts";

/** How a page is served. */
export interface Serving {
  /** Makes the page as it is now. */
  readonly page: () => Promise<Page>;
  readonly runs: LiveRuns;
  /** The port; 0 for a free one. */
  readonly port: number;
  /** The first part of the address's path, so that nobody guesses it. `undefined` for none. */
  readonly token: string | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Takes the address of the page. */
  readonly listening: (address: string) => void;
}

/** The page's events, from its own address. */
export const EVENTS_PATH = "events";

const HOST = "127.0.0.1";

/** Milliseconds between signs of life, by which a client knows that it is connected. */
const HEARTBEAT = 15_000;

/** A token that nobody guesses: 128 random bits. */
export function randomToken(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

/**
 * Serves a page and its events to this machine alone, until `signal` ends it. It changes nothing and
 * gives no file. No other site's page can read it: requests with another `Host` or `Origin` are
 * refused. Rejects with a `Failure` (exit 2) if it cannot have the port.
 */
export async function serve(serving: Serving): Promise<void> {
  const { port, token, signal, listening } = serving;
  if (signal.aborted) return;
  const path = token === undefined ? "/" : `/${token}/`;
  const open = (): Deno.HttpServer<Deno.NetAddr> =>
    Deno.serve({
      hostname: HOST,
      port,
      onListen: ({ port }) => listening(`http://${HOST}:${port}${path}`),
      onError: (error) => {
        console.error(error);
        return refusal(500, "the page could not be made; the terminal says why");
      },
    }, (request) => answer(request, server.addr.port, path, serving));
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = open();
  } catch (error) {
    const reason = error instanceof Deno.errors.AddrInUse
      ? "is taken"
      : error instanceof Deno.errors.PermissionDenied
      ? "is not for you"
      : undefined;
    if (reason === undefined) throw error;
    throw new Failure(2, `port ${port} ${reason}: --port names another one, 0 any free one`);
  }
  signal.addEventListener("abort", () => void server.shutdown(), { once: true });
  await server.finished;
}

async function answer(
  request: Request,
  port: number,
  path: string,
  { page, runs, signal }: Serving,
): Promise<Response> {
  const { method, headers } = request;
  if (!isFromHere(headers, port)) return refusal(403, "this page is for its own machine");
  const url = new URL(request.url);
  const isPage = isSame(url.pathname, path);
  const isEvents = isSame(url.pathname, `${path}${EVENTS_PATH}`);
  if (!isPage && !isEvents) return refusal(404, "there is nothing here");
  if (method !== "GET" && method !== "HEAD") {
    return refusal(405, "this page can only be read", { Allow: "GET, HEAD" });
  }
  if (isPage) {
    const { html, policy } = await page();
    return new Response(method === "HEAD" ? null : html, {
      headers: {
        ...PRIVATE,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": `${policy}; frame-ancestors 'none'`,
      },
    });
  }
  const after = headers.get("Last-Event-ID") ?? url.searchParams.get("after") ?? "";
  if (!runs.knows(after)) return refusal(410, "this page is of an earlier server: load it again");
  return new Response(method === "HEAD" ? null : eventStream(runs, after, signal), {
    headers: { ...PRIVATE, "Content-Type": "text/event-stream" },
  });
}

/** Whether a request is meant for this server, and comes from its own page or from nobody's. */
function isFromHere(headers: Headers, port: number): boolean {
  const hosts = [HOST, "localhost"].map((name) => `${name}:${port}`);
  const host = headers.get("Host");
  const origin = headers.get("Origin");
  if (host === null || !hosts.includes(host)) return false;
  if (origin !== null && origin !== `http://${host}`) return false;
  // Another site may link to the page, but not load it into its own.
  const isLink = headers.get("Sec-Fetch-Dest") === "document";
  return headers.get("Sec-Fetch-Site") !== "cross-site" || isLink;
}

/** Compares without telling by its time how much is the same. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => new TextEncoder().encode(text));
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The events after one, and those to come. */
function eventStream(
  runs: LiveRuns,
  after: string,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const resources = new DisposableStack();
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      const send = (text: string) => controller.enqueue(encoder.encode(text));
      const close = () => {
        resources.dispose();
        controller.close();
      };
      if (signal.aborted) return close();
      // The headers go out with the first bytes.
      send(": connected\n\n");
      resources.defer(runs.listen(after, (id, event) => send(frame(id, event))));
      const timer = setInterval(() => send(": still here\n\n"), HEARTBEAT);
      resources.defer(() => clearInterval(timer));
      signal.addEventListener("abort", close, { once: true });
      resources.defer(() => signal.removeEventListener("abort", close));
    },
    cancel: () => resources.dispose(),
  });
}

function frame(id: string, { kind, ...event }: LiveEvent): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** What holds for every answer: nobody keeps it, frames it or reads it as something else. */
const PRIVATE = {
  "Cache-Control": "no-store",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

function refusal(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, { status, headers: { ...PRIVATE, ...headers } });
}
