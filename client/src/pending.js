// What shows that a call is under way.

import { all } from "./page.js";

/** Shows it. @param {any} call */
export function mark(call) {
  const { element, button = {}, mode } = call;
  const text = !mode && call.option("data-pending");
  const template =
    element?.querySelector("template[data-optimistic]") ?? document.getElementById(call.option("data-optimistic"));
  if (element) element.ariaBusy = "true";
  button.disabled = !mode;
  if (text) button.replaceChildren(text);
  if (!template) return;
  const copy = template.content.cloneNode(true);
  for (const node of all(copy, "[data-value]")) node.textContent = call.body.get(node.dataset.value);
  for (const node of call.ghosts) node.remove();
  call.ghosts = [...copy.childNodes];
  template.before(copy);
}
