import { type PixelWorker, pixelWorker, workerCount } from "../../lib/data/pixel_worker.ts";
import { sharedTensorflow } from "../../lib/tensorflow/open_tensorflow.ts";
import type { Cut } from "./cut.ts";
import type { DecodeRequest } from "./decode_worker.ts";

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

/**
 * Makes `count` workers, each started when it is first needed. Default: one per processor, at most
 * 16.
 */
export function decoders(count: number = workerCount): Decoders {
  const url = new URL("./decode_worker.ts", import.meta.url);
  const workers = Array.from({ length: count }, () => pixelWorker<DecodeRequest>(url));
  // Each worker is in the list twice, so that one file is read while another is decoded.
  const free = [...workers, ...workers];
  const waiting: ((worker: PixelWorker<DecodeRequest>) => void)[] = [];
  return {
    async decode(read, cut) {
      const worker = free.shift() ??
        await new Promise<PixelWorker<DecodeRequest>>((resolve) => waiting.push(resolve));
      try {
        return await worker.ask({ bytes: await read(), cut, tensorflow: sharedTensorflow() });
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
