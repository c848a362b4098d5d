// What the visitor does: she submits a form, clicks a button, changes a field.

import { Call, calls } from "./calls.js";
import { showError } from "./messages.js";

document.addEventListener("submit", (event) => {
  const { target: form, submitter: button } = /** @type {any} */ (event);
  const attribute = (name = "") => button?.getAttribute("form" + name) ?? form.getAttribute(name) ?? "";
  const way = attribute("method") + attribute("target");
  if (!form.hasAttribute("data-serveraction") || !/^post(_self)?$/i.test(way)) return;
  // form.action may be a field
  new Call(attribute("action"), new FormData(form, button), {}, form, button ?? undefined).start(event);
});

document.addEventListener("click", (event) => {
  const button = /** @type {any} */ (event).target.closest?.("button[data-action]");
  if (button) new Call(button.dataset.action, new URLSearchParams(), {}, button, button).start(event);
});

document.addEventListener("change", async (event) => {
  const { target } = /** @type {any} */ (event);
  const { form, name, value } = target;
  if (!form?.hasAttribute("data-serveraction") || !target.closest("[data-validate]")) return;
  const body = new FormData();
  for (const value of new FormData(form).getAll(name)) body.append(name, value);
  const call = new Call(form.getAttribute("action"), body, { headers: { "Serveractions-Validate": name } });
  const { errors = {} } = await call.ask();
  if (target.value === value) showError(target, errors[name]);
});

addEventListener("pagehide", () => calls.forEach(({ stop }) => stop.abort()));
