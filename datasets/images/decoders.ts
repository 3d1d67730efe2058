import type { Cut } from "./cut.ts";
import type { DecodeAnswer, DecodeRequest } from "./decode_worker.ts";

/** Workers that decode image files in parallel. */
export interface Decoders {
  /**
   * Decodes the image file that `read` returns, and cuts it. `read` is called when a worker can
   * take the file, so that at most two files per worker are in memory, however many calls wait.
   * Rejects with an Error that has the reason if the file is broken.
   */
  decode(read: () => Promise<Uint8Array>, cut: Cut): Promise<Uint8Array>;
  /** Ends the workers. Unfinished calls of `decode` never settle. */
  close(): void;
}

/** More workers than this would only wait for files. */
const MOST = 16;

/**
 * Makes `count` workers, each started when it is first needed. Default: one per processor, at most
 * 16.
 */
export function decoders(count: number = Math.min(navigator.hardwareConcurrency, MOST)): Decoders {
  const workers = Array.from({ length: count }, decoder);
  // Each worker is in the list twice, so that one file is read while another is decoded.
  const free = [...workers, ...workers];
  const waiting: ((worker: Decoder) => void)[] = [];
  return {
    async decode(read, cut) {
      const worker = free.shift() ?? await new Promise<Decoder>((resolve) => waiting.push(resolve));
      try {
        return await worker.decode({ bytes: await read(), cut });
      } finally {
        const next = waiting.shift();
        if (next) next(worker);
        else free.push(worker);
      }
    },
    close() {
      for (const worker of workers) worker.close();
    },
  };
}

interface Decoder {
  decode(request: DecodeRequest): Promise<Uint8Array>;
  close(): void;
}

function decoder(): Decoder {
  let worker: Worker | undefined;
  let isClosed = false;
  const answers: PromiseWithResolvers<Uint8Array>[] = [];
  const start = (): Worker => {
    const thread = new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" });
    thread.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => {
      const answer = answers.shift()!;
      if ("pixels" in data) answer.resolve(data.pixels);
      else answer.reject(new Error(data.error));
    };
    // The worker could not start or crashed. The next file gets a new one.
    thread.onerror = (event) => {
      event.preventDefault();
      worker = undefined;
      for (const answer of answers.splice(0)) answer.reject(new Error(event.message));
    };
    return thread;
  };
  return {
    decode(request) {
      if (isClosed) return Promise.reject(new Error("the data set is closed"));
      const answer = Promise.withResolvers<Uint8Array>();
      answers.push(answer);
      worker ??= start();
      worker.postMessage(request);
      return answer.promise;
    },
    close() {
      isClosed = true;
      worker?.terminate();
    },
  };
}
