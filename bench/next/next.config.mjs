// Another package-lock.json above this folder would be taken for its root.
export default { turbopack: { root: import.meta.dirname } };
