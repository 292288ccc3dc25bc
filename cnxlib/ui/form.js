// Draws a form. What is typed is told in messages; what is right or wrong, hidden or shown, comes back as state.

const TYPING_MS = 200; // after the last key
const CLICK_MS = 200; // what is pressed next must not move away while it is
const REQUIRED = "is required"; // as the kernel says it
const LARGEST_FILE = 5_000_000; // bytes

let views = 0;

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const empty = (value) =>
  value === "" || value === null || value === undefined ||
  (typeof value === "object" && Object.values(value).every(empty));

class View {
  constructor(model, el) {
    this.model = model;
    this.id = `cnx-${++views}-${Math.random().toString(36).slice(2, 8)}`;
    this.count = 0;
    this.sent = 0;
    this.pressed = null; // how often the button had worked when it was pressed
    this.controls = new Map(); // by a parameter's name
    this.places = new Map(); // by "assignments.0.users": where a message goes, and what it is about
    this.searching = null;
    this.visited = new WeakSet(); // what was left once
    this.all = false; // whether the button was pressed too early: then all that is missing is told
    // Jupyter's own shortcuts must not take the keys that are pressed in here.
    this.root = h("div", { class: "cnx-form", role: "form", "aria-label": "Parameters", "data-lm-suppress-shortcuts": "true" });
    this.reading = h("div", { class: "cnx-reading", role: "status" });
    this.rest = h("div", { class: "cnx-message", role: "status" });
    this.reason = h("span", { id: `${this.id}-reason`, class: "cnx-reason", role: "status" });
    this.button = h("button", { type: "button", class: "cnx-submit", "aria-describedby": `${this.id}-reason`, onclick: () => this.press() });
    this.root.addEventListener("focusout", (event) => {
      this.visited.add(event.target);
      this.showMessages();
    });
    this.draw();
    el.append(this.root);
    this.listeners = {
      "change:state": () => this.refresh(),
      "change:button": () => this.refresh(),
      "change:reading": () => this.refresh(),
      "change:found": () => this.searching?.(this.model.get("found")),
    };
    for (const [event, listener] of Object.entries(this.listeners)) model.on(event, listener);
    this.refresh();
    model.send({ kind: "shown" });
  }

  end() {
    for (const [event, listener] of Object.entries(this.listeners)) this.model.off(event, listener);
  }

  draw() {
    for (const group of this.model.get("groups")) {
      const body = h("div", { class: "cnx-group-body" });
      for (const field of group.fields) {
        const box = h("div", { class: "cnx-field" });
        const control = this.control(field, field.name, (value) => this.tell(field.name, value));
        box.append(control.node);
        body.append(box);
        this.controls.set(field.name, { field, box, ...control });
      }
      let around = body;
      if (group.title && group.closed) around = h("details", { class: "cnx-group" }, h("summary", {}, group.title), body);
      else if (group.title) around = h("fieldset", { class: "cnx-group" }, h("legend", {}, group.title), body);
      around.fields = group.fields.map((field) => field.name);
      this.root.append(around);
    }
    this.groups = [...this.root.children].filter((node) => node.fields);
    this.root.append(this.rest, h("div", { class: "cnx-end" }, this.button, this.reason), this.reading);
  }

  tell(name, value) {
    this.sent += 1;
    this.model.send({ kind: "typed", name, value, mark: [this.id, this.sent] });
  }

  press() {
    for (const { flush } of this.controls.values()) flush?.();
    if (this.model.get("state").refused && !this.behind()) {
      this.all = true;
      this.refresh();
      this.toFirstMessage();
    }
    this.pressed = this.model.get("state").submits;
    this.model.send({ kind: "submit" });
    this.refresh();
  }

  toFirstMessage() {
    const first = [...this.root.querySelectorAll(".cnx-message")].find((node) => node.textContent && node.checkVisibility());
    const place = [...this.places.values()].find(({ message }) => message === first);
    const around = first?.closest(".cnx-row, .cnx-many, .cnx-field");
    (place?.about[0] ?? around?.querySelector("select, input, textarea") ?? around?.querySelector("button"))?.focus();
  }

  // Whether the kernel has not heard all yet that was typed here.
  behind() {
    const [from, mark] = this.model.get("state").heard ?? ["", 0];
    return from === this.id && mark < this.sent;
  }

  refresh() {
    const state = this.model.get("state");
    const behind = this.behind();
    for (const [name, { box, set, busy }] of this.controls) {
      box.hidden = state.hidden.includes(name);
      const value = state.values[name];
      if (value !== null && !behind && !busy?.()) set(value);
    }
    this.showMessages();
    for (const [name, { origin }] of this.controls) origin.textContent = state.origins[name] ?? "";
    for (const group of this.groups) group.hidden = group.fields.every((name) => state.hidden.includes(name));
    this.reading.textContent = this.model.get("reading");
    this.reading.hidden = !this.model.get("reading");
    this.rest.textContent = state.rest ? `✗ ${state.rest}` : "";
    if (this.pressed !== null && state.submits > this.pressed && !state.busy) this.pressed = null;
    const waits = this.pressed !== null || state.busy;
    const label = this.model.get("button");
    this.button.hidden = !label;
    this.button.textContent = label;
    // Still to be reached by Tab while it is disabled, so that the reason is read out.
    this.button.setAttribute("aria-disabled", waits || state.refused ? "true" : "false");
    this.reason.textContent = label ? (waits ? "Working …" : state.reason) : "";
  }

  // -- one field ------------------------------------------------------------------------------------------------

  // Label, control, help and message of `field`; `tell` hears its value.
  control(field, place, tell) {
    const id = `${this.id}-${++this.count}`;
    const origin = h("span", { class: "cnx-origin", id: `${id}-origin` });
    const message = h("div", { class: "cnx-message", id: `${id}-message`, "aria-live": "polite" });
    const described = [field.help ? `${id}-help` : "", `${id}-message`, `${id}-origin`].filter(Boolean).join(" ");
    const made = this[field.kind in this.makers ? this.makers[field.kind] : "text"](field, id, described, place, tell);
    const name = place.includes(".") ? null : h("code", { class: "cnx-name" }, field.name);
    const required = field.required ? h("span", { class: "cnx-required" }, "required") : null;
    const help = field.help ? h("div", { class: "cnx-help", id: `${id}-help` }, field.help) : null;
    this.places.set(place, { message, about: made.about ?? [] });
    const label = made.grouped ? h("span", {}, field.label) : h("label", { for: id }, field.label);
    const parts = [...(made.beside ? [made.node] : []), label, required, name, origin];
    const head = h(made.grouped ? "legend" : "div", { class: "cnx-head" }, ...parts);
    const inside = made.grouped ? [head, help, message, made.node] : made.beside ? [head, help, message] : [head, help, made.node, message];
    const node = made.grouped
      ? h("fieldset", { class: "cnx-many", "aria-describedby": described, id }, ...inside.filter(Boolean))
      : h("div", {}, ...inside.filter(Boolean));
    return { node, origin, set: made.set, busy: made.busy, flush: made.flush, focus: made.focus };
  }

  makers = {
    text: "text", number: "text", reference: "reference", file: "file", secret: "secret", switch: "switched", choice: "chosen",
    names: "names", rows: "rows", object: "object", yaml: "long",
  };

  attributes(field, id, described) {
    return { id, "aria-describedby": described, "aria-required": field.required ? "true" : null };
  }

  text(field, id, described, place, tell) {
    const numeric = field.kind === "number";
    const [least, greatest] = field.limits;
    const input = h("input", {
      ...this.attributes(field, id, described), type: numeric ? "number" : "text", class: "cnx-input", min: least, max: greatest,
      autocomplete: "off", spellcheck: "false",
    });
    const typed = later(TYPING_MS, () => tell(input.value));
    input.addEventListener("input", () => typed());
    input.addEventListener("change", () => typed.now());
    const node = offered(this, field, input, (value) => { input.value = value; typed.now(); }) ?? input;
    return {
      node, about: [input], busy: typed.waits, focus: () => input.focus(), flush: () => typed.waits() && typed.now(),
      set: (value) => { if (input.value !== String(value)) input.value = value; },
    };
  }

  long(field, id, described, place, tell) {
    const input = h("textarea", { ...this.attributes(field, id, described), rows: 4, class: "cnx-input", spellcheck: "false" });
    const typed = later(TYPING_MS, () => tell(input.value));
    input.addEventListener("input", () => typed());
    return {
      node: input, about: [input], busy: typed.waits, focus: () => input.focus(),
      set: (value) => { if (input.value !== value && document.activeElement !== input) input.value = value; },
    };
  }

  switched(field, id, described, place, tell) {
    const input = h("input", { ...this.attributes(field, id, described), type: "checkbox", onchange: () => tell(input.checked) });
    return { node: input, beside: true, about: [input], set: (value) => { input.checked = value; } };
  }

  chosen(field, id, described, place, tell) {
    const select = h("select", { ...this.attributes(field, id, described), class: "cnx-input", onchange: () => tell(select.value) });
    for (const [value, label] of field.choices) select.append(h("option", { value }, label));
    const set = (value) => {
      if (![...select.options].some((option) => option.value === value))
        select.prepend(h("option", { value }, value === "" ? "Choose …" : value));
      select.value = value;
    };
    return { node: select, about: [select], set, focus: () => select.focus() };
  }

  // A reference to a secret, and beside it a field for the secret itself, which is emptied as soon as it is told.
  reference(field, id, described, place, tell) {
    const plain = this.text(field, id, described, place, tell);
    plain.about[0].placeholder = "env:NAME, file:PATH or age:NAME: where it lies";
    const secret = h("input", { type: "password", id: `${id}-secret`, class: "cnx-input", autocomplete: "new-password",
      "aria-label": `or type it here: ${field.label}`, "aria-describedby": `${id}-secret-help` });
    const keep = () => {
      const value = secret.value;
      secret.value = "";
      if (value) this.model.send({ kind: "secret", name: field.name, value });
    };
    secret.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); keep(); } });
    secret.addEventListener("change", keep); // left without a press of the button
    const node = h("div", {}, plain.node,
      h("div", { class: "cnx-secret" },
        h("label", { for: `${id}-secret` }, "or type it here"), secret,
        h("button", { type: "button", class: "cnx-small", onclick: keep, "aria-label": `Keep ${field.label} in the secret store` }, "Keep in the secret store")),
      h("div", { class: "cnx-help", id: `${id}-secret-help` }, "What you type goes to the encrypted store on this computer; only its reference stays here."));
    return { ...plain, node, flush: () => { keep(); plain.flush(); } };
  }

  // The path of a file, or one that is chosen here and saved by the kernel.
  file(field, id, described, place, tell) {
    const plain = this.text(field, id, described, place, tell);
    const said = h("span", { role: "status" });
    const chooser = h("input", { type: "file", accept: ".csv,text/csv", hidden: true, onchange: async () => {
      const [file] = chooser.files;
      if (!file) return;
      const tooLarge = file.size > LARGEST_FILE;
      if (!tooLarge) this.model.send({ kind: "file", name: field.name, text: await file.text() });
      said.textContent = tooLarge ? `${file.name} is too large: give its path` : `${file.name} is saved beside your orgs.yaml`;
      chooser.value = "";
    } });
    const button = h("button", { type: "button", class: "cnx-small", "aria-describedby": described, onclick: () => chooser.click() }, "Choose a file …");
    return { ...plain, node: h("div", {}, h("div", { class: "cnx-line" }, plain.node, button, chooser), said) };
  }

  // A secret, told and emptied as soon as the field is left; a reference to one that is kept elsewhere will do, too.
  secret(field, id, described, place, tell) {
    const elsewhere = this.text(field, `${id}-elsewhere`, described, place, tell);
    const input = h("input", { ...this.attributes(field, id, described), type: "password", class: "cnx-input", autocomplete: "new-password" });
    const keep = () => {
      const value = input.value;
      input.value = "";
      if (value) this.model.send({ kind: "secret", name: field.name, value });
    };
    input.addEventListener("change", keep);
    const node = h("div", {}, input, h("details", {}, h("summary", { class: "cnx-aside" }, "It is kept elsewhere"),
      h("label", { for: `${id}-elsewhere` }, `Reference to the ${field.label.toLowerCase()}`), elsewhere.node,
      h("div", { class: "cnx-help" }, "env:NAME, file:PATH, age:NAME, keyring:SERVICE/NAME or sf:ALIAS; never the secret itself")));
    return { ...elsewhere, node, about: [input], focus: () => input.focus(), flush: () => { keep(); elsewhere.flush(); } };
  }

  // -- lists ----------------------------------------------------------------------------------------------------

  names(field, id, described, place, tell) {
    let held = [];
    const list = h("ul", { class: "cnx-chips" });
    const input = h("input", { type: "text", class: "cnx-input", autocomplete: "off", spellcheck: "false", "aria-label": `Add to ${field.label}` });
    const labels = Object.fromEntries(field.choices);
    const show = () => {
      list.replaceChildren(...held.map((one, index) => h("li", {}, labels[one] ?? one,
        h("button", { type: "button", "aria-label": `Remove ${one}`, onclick: () => { change(held.filter((_, at) => at !== index)); input.focus(); } }, "×"))));
      list.hidden = !held.length;
    };
    const change = (next) => { held = next; show(); tell(held); };
    const add = (value = input.value) => {
      const fresh = value.split(/[,;\n]/).map((part) => part.trim()).filter((part) => part && !held.includes(part));
      input.value = "";
      if (fresh.length) change([...held, ...fresh]);
    };
    const picker = offered(this, { ...field, examples: field.choices.length ? field.choices : field.examples }, input, add) ?? input;
    // After the list's own listener: what Enter picks there is not typed.
    input.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.defaultPrevented) { event.preventDefault(); add(); } });
    const node = h("div", {}, list, h("div", { class: "cnx-line" }, picker,
      h("button", { type: "button", class: "cnx-small", "aria-label": `Add to ${field.label}`, onclick: () => { add(); input.focus(); } }, "Add")));
    // What was typed and not added is not lost when the field is left; but half a user's name is no user name.
    const whole = () => field.offers !== "users" || input.value.includes("@");
    const left = () => { if (!node.contains(document.activeElement) && whole()) add(); };
    node.addEventListener("focusout", () => setTimeout(left, CLICK_MS));
    const flush = () => add();
    show();
    return { node, grouped: true, about: [input], focus: () => input.focus(), flush, set: (value) => { if (!same(value, held)) { held = [...value]; show(); } } };
  }

  rows(field, id, described, place, tell) {
    let held = [];
    let controls = [];
    const body = h("div", {});
    const noun = field.noun;
    const values = () => held.map(({ value }) => cleaned(value));
    const typed = later(TYPING_MS, () => tell(values()));
    // What is still being typed goes first: the rows are drawn anew.
    const change = (work) => { controls.forEach(({ flush }) => flush()); work(); show(); typed.now(); };
    const show = () => {
      for (const known of [...this.places.keys()]) if (known.startsWith(`${place}.`)) this.places.delete(known);
      controls = held.map((entry, index) => this.row(field, `${place}.${index}`, entry.value, (value) => { entry.value = value; typed(); }));
      body.replaceChildren(...controls.map(({ node, head }, index) => {
        head.append(h("button", { type: "button", class: "cnx-small", "aria-label": `Remove ${noun} ${index + 1}`,
          onclick: () => { change(() => held.splice(index, 1)); add.focus(); } }, "Remove"));
        return node;
      }));
    };
    const add = h("button", { type: "button", class: "cnx-small", onclick: () => {
      change(() => held.push({ value: {} }));
      controls.at(-1).focus();
    } }, `Add ${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`);
    return {
      node: h("div", {}, body, add), grouped: true, busy: typed.waits, focus: () => add.focus(),
      flush: () => { controls.forEach(({ flush }) => flush()); if (typed.waits()) typed.now(); },
      set: (value) => { if (!same(value, values())) { held = structuredClone(value).map((one) => ({ value: one })); show(); this.showMessages(); } },
    };
  }

  row(field, place, value, tell) {
    const legend = h("legend", {}, `${field.noun[0].toUpperCase()}${field.noun.slice(1)} ${Number(place.split(".").at(-1)) + 1}`);
    const head = h("div", { class: "cnx-row-head" });
    const message = h("div", { class: "cnx-message", "aria-live": "polite" });
    this.places.set(place, { message, about: [] });
    const made = this.inner(field, place, value, tell);
    return { node: h("fieldset", { class: "cnx-row" }, legend, head, message, ...made.nodes), head, focus: made.focus, flush: made.flush };
  }

  object(field, id, described, place, tell) {
    const body = h("div", { class: "cnx-object" });
    let held = null;
    let made = null;
    return {
      node: body, grouped: true, focus: () => made?.focus(), flush: () => made?.flush(),
      set: (value) => {
        if (held !== null && same(cleaned(held), cleaned(value ?? {}))) return;
        held = structuredClone(value || {});
        made = this.inner(field, place, held, (next) => { held = next; tell(next); });
        body.replaceChildren(...made.nodes);
      },
    };
  }

  // The fields of an object; of those of which exactly one is given, the one that was chosen.
  inner(field, place, value, tell) {
    const held = { ...value };
    const nodes = [];
    const controls = [];
    let beginning = null;
    const make = (inner) => {
      const control = this.control(inner, `${place}.${inner.name}`, (next) => { held[inner.name] = next; tell({ ...held }); });
      control.set(held[inner.name] ?? blank(inner));
      controls.push(control);
      return control;
    };
    const ways = field.fields.filter((inner) => field.oneOf.includes(inner.name));
    for (const inner of field.fields.filter((one) => !field.oneOf.includes(one.name))) nodes.push(make(inner).node);
    if (ways.length) {
      const id = `${this.id}-${++this.count}`;
      const slot = h("div", {});
      const chosen = h("select", { id, class: "cnx-input", onchange: () => {
        for (const way of ways) if (way.name !== chosen.value) delete held[way.name];
        show(); tell({ ...held });
      } }, ...ways.map((way) => h("option", { value: way.name }, way.label)));
      chosen.value = (ways.find((way) => !empty(held[way.name])) ?? ways[0]).name;
      const show = () => {
        for (const way of ways) this.places.delete(`${place}.${way.name}`);
        slot.replaceChildren(make(ways.find((way) => way.name === chosen.value)).node);
      };
      show();
      if (ways.length === field.fields.length) beginning = chosen;
      nodes.push(h("div", {}, h("div", { class: "cnx-head" }, h("label", { for: id }, "Chosen by")), chosen), slot);
    }
    return { nodes, focus: () => (beginning ?? controls[0])?.focus?.(), flush: () => controls.forEach((one) => one.flush?.()) };
  }

  // Each message at its place, or at the nearest around it that is drawn.
  showMessages() {
    const said = new Map();
    for (const [place, text] of Object.entries(this.model.get("state").messages)) {
      let at = place;
      while (!this.places.has(at) && at.includes(".")) at = at.slice(0, at.lastIndexOf("."));
      said.set(at, said.has(at) ? `${said.get(at)}; ${text}` : text);
    }
    for (const [place, { message, about }] of this.places) {
      // Nobody is blamed for a field they have not come to yet: its mark says that it is required.
      const early = said.get(place) === REQUIRED && place.includes(".") && !this.all && !about.some((node) => this.visited.has(node));
      const text = early ? "" : said.get(place);
      const shown = text ? `✗ ${text}` : "";
      if (message.textContent !== shown) message.textContent = shown; // a screen reader repeats what is set again
      about.forEach((node) => text ? node.setAttribute("aria-invalid", "true") : node.removeAttribute("aria-invalid"));
      // Where something is wrong, nothing stays folded away.
      if (text) { const folded = message.closest("details"); if (folded) folded.open = true; }
    }
  }
}

const blank = (field) => field.kind === "names" || field.kind === "rows" ? [] : field.kind === "object" ? {} : field.kind === "switch" ? false : "";

function cleaned(row) {
  const kept = Object.entries(row).filter(([, value]) => !empty(value));
  return Object.fromEntries(kept.map(([name, value]) => [name, value && value.constructor === Object ? cleaned(value) : value]));
}

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.end();
  },
};
