// What is offered while one types: WAI-ARIA's combobox with a list. It stands before form.js, which calls it.

const SEARCH_MS = 250;
const SEARCH_FROM = 2; // characters
const MOST_SHOWN = 50; // of what is offered

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function later(wait, work) {
  let timer = 0;
  const call = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; work(...given); }, wait);
  };
  call.now = (...given) => { clearTimeout(timer); timer = 0; work(...given); };
  call.waits = () => timer !== 0;
  return call;
}

// The input with its list, or null where nothing is offered. What is not in the list can be typed all the same.
function offered(view, field, input, take) {
  const searched = field.offers === "users";
  if (!searched && !field.offers && !field.examples.length) return null;
  const listId = `${view.id}-list-${++view.count}`;
  const list = h("ul", { role: "listbox", id: listId, class: "cnx-offers", "aria-label": `Choices for ${field.label}` });
  const note = h("div", { class: "cnx-note", role: "status" });
  const popup = h("div", { class: "cnx-popup" }, list, note);
  let shown = [];
  let at = -1;
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", listId]])
    input.setAttribute(name, value);
  popup.hidden = true;
  const close = () => {
    popup.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const pick = ([value]) => { close(); take(value); };
  const mark = (next) => {
    at = next;
    [...list.children].forEach((node, index) => {
      node.setAttribute("aria-selected", index === at ? "true" : "false");
      if (index === at) node.scrollIntoView({ block: "nearest" });
    });
    if (at >= 0) input.setAttribute("aria-activedescendant", `${listId}-${at}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const open = (offers, said) => {
    shown = offers.slice(0, MOST_SHOWN);
    const more = offers.length > MOST_SHOWN ? `${offers.length - MOST_SHOWN} more: type to narrow them down` : "";
    note.textContent = said || more;
    note.hidden = !note.textContent;
    list.hidden = !shown.length;
    list.replaceChildren(...shown.map(([value, label], index) => h("li",
      { role: "option", id: `${listId}-${index}`, "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); pick([value]); } },
      h("span", {}, label), label === value ? null : h("code", {}, value))));
    popup.hidden = !shown.length && !note.textContent;
    input.setAttribute("aria-expanded", shown.length ? "true" : "false");
    mark(-1);
  };
  const search = later(SEARCH_MS, () => {
    view.searching = (found) => {
      if (found.text === input.value.trim() && document.activeElement === input) open(found.offers, found.said);
    };
    view.line.send({ kind: "search", text: input.value.trim() });
  });
  const look = (all) => {
    const text = input.value.trim();
    if (searched) {
      if (text.length < SEARCH_FROM) open([], "Type a part of the name, the user name or the e-mail address");
      else { open([], "Searching …"); search(); }
      return;
    }
    const offers = field.offers ? view.model.get("offers")[field.offers] ?? [] : field.examples.map((one) => Array.isArray(one) ? one : [one, one]);
    if (field.offers && !(field.offers in view.model.get("offers"))) { open([], view.model.get("reading")); return; }
    const folded = all ? "" : text.toLowerCase();
    open(offers.filter((offer) => offer.some((part) => part.toLowerCase().includes(folded))), "");
  };
  input.addEventListener("input", () => look(false));
  input.addEventListener("click", () => { if (popup.hidden) look(true); });
  input.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== input) close(); }, CLICK_MS));
  input.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (popup.hidden) look(true);
      else if (shown.length) mark((at + steps[event.key] + shown.length) % shown.length);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      pick(shown[at]);
    } else if (event.key === "Escape" && !popup.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  return h("div", { class: "cnx-combobox" }, input, popup);
}
