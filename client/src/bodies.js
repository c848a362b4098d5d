// What is sent.

export const newKey = () => String(crypto.getRandomValues(new Uint32Array(4)));
/** @param {any} body */
export const hasFile = (body) => [...body.values()].some(({ size }) => size >= 0);
/** Without tokens and keys. @param {any} body */
export const typed = (body) => String([...body].filter(([name]) => !/^(_action|csrf|idem)/.test(name)));
