import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { checksum } from "../../lib/files/checksum.ts";
import { type Download, download } from "../../lib/files/download.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needsDisk } from "../support/disk.ts";
import { everything, needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";

const net = ["read", "write", "net"] as const;
const quiet = () => {};

/** Content of the served file. */
const content = Uint8Array.from({ length: 50_000 }, (_, i) => i * i % 251);
const sums = {
  md5: { algorithm: "md5", digits: createHash("md5").update(content).digest("hex") },
  sha256: { algorithm: "sha256", digits: createHash("sha256").update(content).digest("hex") },
} as const;

/** Body of a test with a server and a folder. */
type Use = (one: Download, ranges: (string | null)[], folder: string) => Promise<void>;

/** Runs a test with a server of `content`. A response of `answer` replaces the default one. */
function withServer(answer: (request: Request) => Response | undefined, use: Use): Promise<void> {
  return inTemporary(async (folder) => {
    const ranges: (string | null)[] = [];
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: quiet }, (request) => {
      const range = request.headers.get("range");
      const from = Number(range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0);
      ranges.push(range);
      if (from >= content.length) return answer(request) ?? new Response(null, { status: 416 });
      const headers = { "content-length": String(content.length - from) };
      return answer(request) ??
        new Response(content.slice(from), { status: range ? 206 : 200, headers });
    });
    const url = `http://127.0.0.1:${server.addr.port}/a.bin`;
    const to = `${folder}/a.bin`;
    try {
      await use({ url, to, sum: sums.md5, elsewhere: "or elsewhere" }, ranges, folder);
    } finally {
      await server.shutdown();
    }
  });
}

const answerByDefault = () => undefined;
const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

async function assertRefused(one: Download, ...parts: string[]): Promise<void> {
  const failure = await assertRejects(() => download(one, quiet), Failure);
  assertEquals(failure.exit, 3);
  for (const part of parts) assertStringIncludes(failure.message, part);
}

await needs(
  net,
  "download: downloads a file once, with progress, with any checksum or none",
  () =>
    withServer(answerByDefault, async (one, ranges, folder) => {
      for (const sum of [sums.md5, sums.sha256, undefined]) {
        const lines: string[] = [];
        await download({ ...one, sum }, (line) => lines.push(line));
        assertEquals(Deno.readFileSync(one.to), content);
        assertMatch(lines.at(-1)!, /a.bin: 0\.1 of 0\.1 MB/);
        await Promise.all([download({ ...one, sum }, quiet), download({ ...one, sum }, quiet)]);
        assertEquals([ranges.splice(0), names(folder)], [[null], ["a.bin"]]);
        await Deno.remove(one.to);
      }
    }),
);

await needs(
  net,
  "download: continues an earlier attempt, even if it is complete or the server starts over",
  () =>
    withServer(
      ({ headers }) => headers.get("range") === "bytes=7-" ? new Response(content) : undefined,
      async (one, ranges) => {
        for (const have of [1000, content.length, 7]) {
          Deno.writeFileSync(`${one.to}.part`, content.slice(0, have));
          await download(one, quiet);
          assertEquals([ranges.pop(), Deno.readFileSync(one.to)], [`bytes=${have}-`, content]);
          Deno.removeSync(one.to);
        }
      },
    ),
);

await needs(
  net,
  "download: without a checksum, restarts unless the server confirms that a part is complete",
  async () => {
    const answerSize = (size: number) => ({ headers }: Request) =>
      headers.has("range")
        ? new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } })
        : undefined;
    for (const [size, asked] of [[content.length, 1], [content.length + 1, 2]]) {
      await withServer(answerSize(size), async (one, ranges) => {
        Deno.writeFileSync(`${one.to}.part`, content);
        await download({ ...one, sum: undefined }, quiet);
        assertEquals([ranges.length, Deno.readFileSync(one.to)], [asked, content]);
      });
    }
  },
);

await needs(
  net,
  "download: keeps the bytes of a broken connection, and the next attempt finishes",
  () => {
    const half = () =>
      new Response(new Blob([content.slice(0, 2000)]).stream(), {
        headers: { "content-length": String(content.length) },
      });
    return withServer(({ headers }) => headers.get("range") ? undefined : half(), async (one) => {
      for (const sum of [sums.sha256, undefined]) {
        await assertRefused(
          { ...one, sum },
          one.url,
          "run again to continue",
          one.to,
          "or elsewhere",
        );
        assertEquals(Deno.statSync(`${one.to}.part`).size, 2000);
        await download({ ...one, sum }, quiet);
        assertEquals(await checksum(one.to, "sha256"), sums.sha256.digits);
        Deno.removeSync(one.to);
      }
    });
  },
);

await needs(
  net,
  "download: without a checksum, a part of a file that has changed since is not continued",
  async () => {
    const first = "Tue, 01 Oct 2024 10:00:00 GMT";
    for (const [now, asked] of [[first, 206], ["Wed, 02 Oct 2024 10:00:00 GMT", 200]] as const) {
      const statuses: number[] = [];
      const answer = ({ headers }: Request) => {
        const from = headers.get("range") && headers.get("if-range") === now ? 2000 : 0;
        const isFirst = statuses.length === 0;
        const body = isFirst ? content.slice(0, 2000).fill(9) : content.slice(from);
        const status = from > 0 ? 206 : 200;
        statuses.push(status);
        return new Response(new Blob([body]).stream(), {
          status,
          headers: {
            "content-length": String(content.length - from),
            "last-modified": isFirst ? first : now,
          },
        });
      };
      await withServer(answer, async (one) => {
        await assertRefused({ ...one, sum: undefined }, "run again to continue");
        await download({ ...one, sum: undefined }, quiet);
        assertEquals(statuses, [200, asked]);
        const kept = asked === 206 ? 9 : content[1];
        assertEquals([Deno.readFileSync(one.to)[1], Deno.readFileSync(one.to).length], [
          kept,
          content.length,
        ]);
      });
    }
  },
);

await needs(
  net,
  "download: deletes a file with a wrong checksum",
  () =>
    withServer(() => new Response("<html>come back later</html>"), async (one, _, folder) => {
      await assertRefused(
        one,
        one.url,
        `MD5 ${createHash("md5").update("<html>come back later</html>").digest("hex")}`,
      );
      await assertRefused({ ...one, sum: sums.sha256 }, "SHA-256", sums.sha256.digits, "run again");
      assertEquals(names(folder), []);
    }),
);

await needs(
  net,
  "download: names a server that refuses or is down, and the alternatives",
  () =>
    withServer(() => new Response(null, { status: 404 }), async (one) => {
      await assertRefused(
        one,
        "404",
        one.url,
        "put the file there yourself",
        one.to,
        "or elsewhere",
      );
      // No server listens on port 1.
      await assertRefused(
        { ...one, url: "http://127.0.0.1:1/a.bin" },
        "http://127.0.0.1:1/a.bin",
        "put the file there yourself",
      );
    }),
);

await needs(
  net,
  "download: without data, leaves no part and no new folder",
  () =>
    withServer(() => new Response(null, { status: 404 }), async (one, _, folder) => {
      const into = (...names: string[]) => ({ ...one, to: [folder, ...names, "a.bin"].join("/") });
      for (const to of [into(), into("new"), into("new", "newer")]) {
        await assertRefused(to, "404");
        assertEquals(names(folder), []);
      }
      await Promise.all([assertRefused(into(), "404"), assertRefused(into(), "404")]);
      assertEquals(names(folder), []);
      Deno.mkdirSync(`${folder}/there`);
      await assertRefused(into("there", "new"), "404");
      assertEquals([names(folder), names(`${folder}/there`)], [["there"], []]);
      await assertRefused({ ...into("new"), url: "http://127.0.0.1:1/a.bin" });
      assertEquals(names(folder), ["there"]);
    }),
);

await needs(
  net,
  "download: a waiting attempt downloads the file only if the one before it failed",
  () => {
    let asked = 0;
    return withServer(
      () => asked++ === 0 ? new Response(null, { status: 503 }) : undefined,
      async (one, _, folder) => {
        const ended = await Promise.allSettled([1, 2, 3].map(() => download(one, quiet)));
        assertEquals(ended.map(({ status }) => status).sort(), [
          "fulfilled",
          "fulfilled",
          "rejected",
        ]);
        assertEquals([names(folder), Deno.readFileSync(one.to)], [["a.bin"], content]);
      },
    );
  },
);

await needsDisk(
  everything,
  1 << 14,
  "download: names a full disk",
  (folder) =>
    withServer(
      answerByDefault,
      (one) => assertRefused({ ...one, to: `${folder}/a.bin` }, "No space left", "a.bin"),
    ),
);
