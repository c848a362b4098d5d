// What the other modules import from those of client.js: the build writes the lists here, and takes them apart there.

/** @type {Record<string, () => unknown[]>} by the name of the module that is loaded */
export default {};
