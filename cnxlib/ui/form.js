// Draws a form. What is typed is told in messages; what is right or wrong, hidden or shown, comes back as state.

const REQUIRED = "is required"; // as the kernel says it

let views = 0;

class View {
  constructor(model, el) {
    this.model = model;
    this.id = `cnx-${++views}-${Math.random().toString(36).slice(2, 8)}`;
    this.count = 0;
    this.sent = 0;
    this.heard = 0; // of what was sent
    this.pressed = null; // how often the button had worked when it was pressed
    this.looks = false; // whether it was pressed, and what is refused is to be looked at once the kernel has heard all
    this.line = new Connection(model, () => this.refresh());
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
    this.line.send({ kind: "shown" });
  }

  end() {
    this.line.end();
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
    this.root.append(this.rest, h("div", { class: "cnx-end" }, this.button, this.reason), this.line.said, this.reading);
  }

  tell(name, value) {
    this.sent += 1;
    this.line.send({ kind: "typed", name, value, mark: [this.id, this.sent] });
  }

  press() {
    for (const { flush } of this.controls.values()) flush?.();
    this.looks = true;
    this.pressed = this.model.get("state").submits;
    this.line.send({ kind: "submit" });
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
    if (from === this.id) this.heard = mark; // else it has heard another view since
    return this.heard < this.sent;
  }

  refresh() {
    const state = this.model.get("state");
    const behind = this.behind();
    const looked = this.looks && !behind;
    if (looked) {
      this.looks = false;
      this.all ||= state.refused;
    }
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
    const { live } = this.line;
    const waits = live && (this.pressed !== null || state.busy);
    const label = this.model.get("button");
    this.button.hidden = !label;
    this.button.textContent = label;
    // Still to be reached by Tab while it is disabled, so that the reason is read out.
    this.button.setAttribute("aria-disabled", waits || state.refused || !live ? "true" : "false");
    this.reason.textContent = label && live ? (waits ? "Working …" : state.reason) : "";
    if (looked && state.refused && live) this.toFirstMessage();
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

Object.assign(View.prototype, CONTROLS, LISTS);

export default {
  render({ model, el }) {
    const view = new View(model, el);
    bringIntoView(view.root);
    return () => view.end();
  },
};
