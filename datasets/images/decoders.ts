import type { Cut } from "./cut.ts";
import type { Answer, DecodeRequest } from "./decode_worker.ts";

/** Workers that decode image files side by side. */
export interface Decoders {
  /**
   * The pixels of the image file that `read` gives, cut. `read` is called when a worker can take
   * the file, so that however many are asked for, only two files a worker are in memory. Rejects
   * with an Error that says why where the file is broken.
   */
  decode(read: () => Promise<Uint8Array>, cut: Cut): Promise<Uint8Array>;
  /** Ends the workers; what they have not decoded by then never is. */
  close(): void;
}

/** More workers than this would be waiting for files. */
const MOST = 16;

/** As many workers as there are processors, 16 at most, each started when it is first needed. */
export function decoders(count: number = Math.min(navigator.hardwareConcurrency, MOST)): Decoders {
  const workers = Array.from({ length: count }, decoder);
  // One file is read while another is decoded.
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

/** One worker. */
interface Decoder {
  decode(asked: DecodeRequest): Promise<Uint8Array>;
  close(): void;
}

function decoder(): Decoder {
  let worker: Worker | undefined;
  let isClosed = false;
  const answers: PromiseWithResolvers<Uint8Array>[] = [];
  const start = (): Worker => {
    const started = new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" });
    started.onmessage = ({ data }: MessageEvent<Answer>) => {
      const answer = answers.shift()!;
      if ("pixels" in data) answer.resolve(data.pixels);
      else answer.reject(new Error(data.error));
    };
    // It could not start or broke down: the next file gets a new one.
    started.onerror = (event) => {
      event.preventDefault();
      worker = undefined;
      for (const answer of answers.splice(0)) answer.reject(new Error(event.message));
    };
    return started;
  };
  return {
    decode(asked) {
      if (isClosed) return Promise.reject(new Error("the data set is closed"));
      const answer = Promise.withResolvers<Uint8Array>();
      answers.push(answer);
      worker ??= start();
      worker.postMessage(asked);
      return answer.promise;
    },
    close() {
      isClosed = true;
      worker?.terminate();
    },
  };
}
