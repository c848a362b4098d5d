// What is sent and got otherwise than the texts of a form: what scripts give to `call`, and files.

export { encodeArguments } from "./transfer/arguments.js";
export { download } from "./transfer/download.js";
export { upload } from "./transfer/upload.js";
