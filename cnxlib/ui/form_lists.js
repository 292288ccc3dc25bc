// What several values are typed or chosen with: names, rows, and the fields of an object; as CONTROLS is.

const CLICK_MS = 200; // what is pressed next must not move away while it is

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const empty = (value) =>
  value === "" || value === null || value === undefined ||
  (typeof value === "object" && Object.values(value).every(empty));

const blank = (field) => field.kind === "names" || field.kind === "rows" ? [] : field.kind === "object" ? {} : field.kind === "switch" ? false : "";

function cleaned(row) {
  const kept = Object.entries(row).filter(([, value]) => !empty(value));
  return Object.fromEntries(kept.map(([name, value]) => [name, value && value.constructor === Object ? cleaned(value) : value]));
}

const LISTS = {
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
  },

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
  },

  row(field, place, value, tell) {
    const legend = h("legend", {}, `${field.noun[0].toUpperCase()}${field.noun.slice(1)} ${Number(place.split(".").at(-1)) + 1}`);
    const head = h("div", { class: "cnx-row-head" });
    const message = h("div", { class: "cnx-message", "aria-live": "polite" });
    this.places.set(place, { message, about: [] });
    const made = this.inner(field, place, value, tell);
    return { node: h("fieldset", { class: "cnx-row" }, legend, head, message, ...made.nodes), head, focus: made.focus, flush: made.flush };
  },

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
  },

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
  },
};
