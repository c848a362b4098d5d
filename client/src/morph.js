// Brings nodes up to date.

export const callbacks = {
  beforeNodeMorphed: (/** @type {any} */ { value, defaultValue = value }) => value === defaultValue,
  beforeAttributeUpdated: (name = "") => name !== "open",
};

/** Keeps the nodes that stand for the same thing. @param {any} old @param {any} fresh */
export function morph(old, fresh) {
  if (old.localName === "script") return;
  if (old.data !== fresh.data) old.data = fresh.data;
  for (const { name } of [...(old.attributes ?? [])])
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of fresh.attributes ?? [])
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const rest = new Set(old.childNodes);
  const nodes = [...fresh.childNodes].map((child) => {
    const ids = idsOf(child);
    const node = [...rest].find(
      (node) => node.nodeName === child.nodeName && idsOf(node).some((id) => ids.includes(id)),
    );
    if (!rest.delete(node)) return child.cloneNode(true);
    morph(node, child);
    return node;
  });
  for (const node of rest) node.remove();
  nodes.forEach((node, n) => node === old.childNodes[n] || old.insertBefore(node, old.childNodes[n]));
}

const idsOf = ({ outerHTML = "" }) => outerHTML.match(/\b(id="[^"]*|action="[^"?]*\/[^".?]*)/g) ?? [""];
