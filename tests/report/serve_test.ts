import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { LiveRuns } from "../../lib/report/live_runs.ts";
import { EVENTS_PATH, randomToken, serve } from "../../lib/report/serve.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { reportedRun } from "../support/reported_run.ts";

/** A server under test. */
interface Served {
  readonly address: string;
  readonly port: number;
  readonly runs: LiveRuns;
  /** Adds an epoch to the log, and looks at it. */
  log(epoch: number): void;
  /** Ends the server. */
  stop(): Promise<void>;
}

const TOKEN = "0123456789abcdef";

const test = (
  name: string,
  use: (served: Served) => Promise<void>,
  token: string | undefined = TOKEN,
): Promise<void> =>
  needs(everything, `serve: ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    const runs = new LiveRuns([{ ...reportedRun("kd", 3), folder }]);
    const end = new AbortController();
    const { promise: listening, resolve } = Promise.withResolvers<string>();
    const page = () => Promise.resolve({ html: "<p>page</p>", policy: "default-src 'none'" });
    const ended = serve({ page, runs, port: 0, token, signal: end.signal, listening: resolve });
    const address = await listening;
    const stop = () => {
      end.abort();
      return ended;
    };
    const log = (epoch: number) => {
      const line = `{"epoch":${epoch},"test/top1":${epoch}}\n`;
      Deno.writeTextFileSync(join(folder, "metrics.jsonl"), line, { append: true });
      runs.look();
    };
    try {
      await use({ address, port: Number(new URL(address).port), runs, log, stop });
    } finally {
      await stop();
      await Deno.remove(folder, { recursive: true });
    }
  });

/** The answer to a request with these lines, byte by byte as a program may send it. */
async function raw(port: number, request: string, ...headers: string[]): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const text = [request, ...headers, "Connection: close", "", ""].join("\r\n");
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

const status = (answer: string) => Number(answer.split(" ")[1]);

/** Reads a client's events until there are so many. */
async function read(
  stream: ReadableStream<Uint8Array>,
  count: number,
): Promise<string[]> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const ids = () => [...text.matchAll(/^id: (\S+)\n/gm)].map(([, id]) => id);
  while (ids().length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return ids();
}

const events = async (address: string, init?: RequestInit): Promise<ReadableStream<Uint8Array>> =>
  (await fetch(address, init)).body!;

await test("the page is private, and only its machine may ask", async ({ address, port }) => {
  assertEquals(address, `http://127.0.0.1:${port}/${TOKEN}/`);
  const answer = await fetch(address);
  assertEquals(await answer.text(), "<p>page</p>");
  assertEquals(
    answer.headers.get("Content-Security-Policy"),
    "default-src 'none'; frame-ancestors 'none'",
  );
  assertEquals(answer.headers.get("Cache-Control"), "no-store");
  assertEquals(answer.headers.get("X-Frame-Options"), "DENY");
  assertEquals(answer.headers.get("Cross-Origin-Resource-Policy"), "same-origin");
  const get = `GET /${TOKEN}/ HTTP/1.1`;
  const ask = async (...headers: string[]) => status(await raw(port, get, ...headers));
  const here = `Host: 127.0.0.1:${port}`;
  assertEquals(await ask(here), 200);
  assertEquals(await ask(`Host: localhost:${port}`, `Origin: http://localhost:${port}`), 200);
  assertEquals(await ask("Host: evil.example"), 403);
  assertEquals(await ask(`Host: evil.example:${port}`), 403);
  assertEquals(await ask(here, "Origin: https://evil.example"), 403);
  assertEquals(await ask(here, "Origin: null"), 403);
  assertEquals(await ask(here, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"), 403);
  assertEquals(await ask(here, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"), 200);
});

await test("no path leads to a file, and nothing is changed", async ({ port, address }) => {
  const ask = async (request: string) =>
    status(await raw(port, `${request} HTTP/1.1`, `Host: 127.0.0.1:${port}`));
  const paths = [
    ...["/", "/deno.json", `/${TOKEN}`, `/${TOKEN}x/`, `/${TOKEN.toUpperCase()}/`],
    ...[`/${TOKEN}/../deno.json`, `/${TOKEN}/%2e%2e/deno.json`, `/${TOKEN}/..%2fdeno.json`],
    ...[`/${TOKEN}/metrics.jsonl`, `/${TOKEN}/events/x`, "//etc/passwd", `/0/events`],
  ];
  for (const path of paths) assertEquals(await ask(`GET ${path}`), 404, path);
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    assertEquals(await ask(`${method} /${TOKEN}/`), 405, method);
  }
  const head = await fetch(address, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
});

await test("clients get the events after the last that they know", async (served) => {
  const { address, log, runs } = served;
  const { last } = runs.snapshot();
  const at = (number: number) => last.replace(/0$/, String(number));
  log(1);
  log(2);
  const [first, second] = await Promise.all([
    events(`${address}${EVENTS_PATH}?after=${last}`),
    events(`${address}${EVENTS_PATH}?after=${last}`, { headers: { "Last-Event-ID": at(2) } }),
  ]);
  log(3);
  assertEquals(await read(first, 6), [1, 2, 3, 4, 5, 6].map(at));
  assertEquals(await read(second, 4), [3, 4, 5, 6].map(at));
  const later = await events(`${address}${EVENTS_PATH}?after=${at(6)}`);
  log(4);
  assertEquals(await read(later, 2), [7, 8].map(at));
  for (const unknown of [at(9), "", "0"]) {
    const answer = await fetch(`${address}${EVENTS_PATH}?after=${unknown}`);
    assertEquals(answer.status, 410, unknown);
    await answer.body?.cancel();
  }
});

await test("it ends while clients are connected", async ({ address, stop, runs }) => {
  const { last } = runs.snapshot();
  const stream = await events(`${address}${EVENTS_PATH}?after=${last}`);
  const ended = read(stream, 1);
  await stop();
  assertEquals(await ended, []);
});

await test("a port that is taken is one failure", async ({ port, runs }) => {
  const again = () =>
    serve({
      ...{ runs, port, token: undefined, signal: new AbortController().signal },
      page: () => Promise.reject(new Error("unused")),
      listening: () => {},
    });
  const { exit, message } = await assertRejects(again, Failure);
  assertEquals(exit, 2);
  assertStringIncludes(message, `port ${port} is taken`);
});

Deno.test("serve: a server that was ended before it began serves nothing", async () => {
  await serve({
    ...{ runs: new LiveRuns([]), port: 0, token: undefined, signal: AbortSignal.abort() },
    page: () => Promise.reject(new Error("unused")),
    listening: () => {
      throw new Error("unused");
    },
  });
});

Deno.test("serve: tokens are 128 random bits", () => {
  const [one, other] = [randomToken(), randomToken()];
  assertMatch(one, /^[0-9a-f]{32}$/);
  assert(one !== other);
});
