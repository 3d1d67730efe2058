import { changeImages, type ChangeRequest } from "./change_images.ts";
import { answerRequests } from "./pixel_worker.ts";

answerRequests<ChangeRequest>(changeImages);
